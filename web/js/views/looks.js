/** Looks: presenters. A photo goes in, a face that speaks comes out. */
import { get, post, remove, upload } from "../api.js";
import { button, empty, field, fill, h, icon } from "../dom.js";
import { t } from "../i18n.js";
import { status } from "../live.js";
import { attempt, confirm, done, failed, sheet } from "../notice.js";
import { may, session } from "../session.js";
import { landmarkEditor } from "./landmarks.js";
import { portraitForm } from "./portrait_form.js";

const TONE = { baking: "info", ready: "good", needs_landmarks: "warn", failed: "bad" };
const POLL_MS = 1500;
const path = (look) => `/looks/${encodeURIComponent(look.id)}`;

function uploadSheet(saved) {
  let url = "";
  sheet(t("looks.add"), (close) => {
    const name = h("input", { maxLength: 80, name: "name" });
    const file = h("input", { type: "file", accept: "image/png,image/jpeg,image/webp", class: "visually-hidden", id: "look-file" });
    const bar = h("div", { class: "bar", hidden: true }, h("i"));
    const drop = h("label", { class: "drop", for: "look-file" }, icon("image", "l"), h("b", {}, t("looks.drop")),
      h("span", { class: "small faint" }, t("looks.drop.hint")), file);
    let chosen = null;
    const take = (picked) => {
      if (!picked) return;
      chosen = picked;
      if (url) URL.revokeObjectURL(url);
      url = URL.createObjectURL(picked);
      fill(drop, h("img", { src: url, alt: picked.name }), file);
      if (!name.value) name.value = picked.name.replace(/\.[^.]+$/, "");
      go.disabled = false;
    };
    file.addEventListener("change", () => take(file.files[0]));
    drop.addEventListener("dragover", (event) => event.preventDefault());
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      take(event.dataTransfer.files[0]);
    });
    const go = button(t("looks.upload"), { kind: "primary", sign: "upload", disabled: true, onclick: () => attempt(go, async () => {
      const form = new FormData();
      form.append("file", chosen);
      form.append("name", name.value.trim());
      bar.hidden = false;
      try {
        await upload("/looks", form, (share) => bar.firstChild.style.setProperty("width", `${Math.round(share * 100)}%`));
      } finally {
        bar.hidden = true;
      }
      done(t("looks.uploaded"), t("looks.uploaded.text"));
      close();
      saved();
    }) });
    return { body: h("div", { class: "stack" }, drop, field(t("looks.name"), name), bar, h("p", { class: "small faint" }, t("looks.rights"))),
      footer: [button(t("cancel"), { onclick: close }), go] };
  }, { closed: () => url && URL.revokeObjectURL(url) });
}

export async function looks(page) {
  const grid = h("div", { class: "look-grid" });
  let active = status.document?.look?.id ?? session.room.look_id ?? null;
  let all = [];
  let timer = 0;
  let closed = false;

  function card(look) {
    const on = look.id === active;
    const picture = h("img", { src: `${path(look)}/${look.state === "ready" ? "preview" : "source"}?v=${look.state}`, alt: look.name, loading: "lazy" });
    picture.addEventListener("error", () => picture.replaceWith(icon("face", "l")));
    const use = button(t(on ? "looks.active" : "looks.activate"), { kind: on ? "" : "primary", small: true, sign: on ? "check" : "play",
      onclick: () => attempt(use, async () => {
        await post(`${path(look)}/activate`, { room: session.room.id });
        active = look.id;
        session.room.look_id = look.id;
        done(t("looks.activated", { name: look.name }));
        await load();
      }) });
    use.disabled = on || look.state !== "ready";
    const mark = () => landmarkEditor(look, reload);
    const erase = button(t("delete"), { sign: "trash", small: true, only: true, kind: "ghost danger", onclick: async () => {
      if (!(await confirm(t("looks.delete.title"), t("looks.delete.text", { name: look.name }), t("delete")))) return;
      await attempt(erase, async () => {
        await remove(path(look));
        await load();
      });
    } });
    const needs = look.state === "needs_landmarks";
    return h("article", { class: `card look${on ? " on" : ""}`, "data-id": look.id },
      h("div", { class: "look-picture" }, picture, look.state === "baking" && h("div", { class: "bar busy" }, h("i")),
        on && h("span", { class: "pill bad" }, t("looks.on_air"))),
      h("div", { class: "stack tight look-body" },
        h("div", { class: "row between" }, h("h2", { class: "clip" }, look.name), h("span", { class: `pill ${TONE[look.state] ?? ""}` }, t(`look.${look.state}`))),
        look.error ? h("p", { class: "small muted wrap" }, look.error)
          : h("p", { class: "small faint num" }, look.source === "demo" ? t("looks.demo") : look.source === "portrait" ? t("looks.painted") : look.width ? `${look.width} × ${look.height}` : t("looks.photo")),
        may("operator") && h("div", { class: "row between" }, h("div", { class: "row" },
          needs ? button(t("looks.mark"), { kind: "primary", small: true, sign: "face", onclick: mark }) : use,
          !needs && look.source !== "demo" && look.state !== "baking" && button(t("looks.mark"), { small: true, only: true, sign: "face", onclick: mark })),
        look.source !== "demo" && erase)));
  }

  const paint = () => fill(grid, all.length ? all.map(card) : h("div", { class: "card wide-empty" }, empty("looks", t("looks.none"), t("looks.none.text"))));
  async function load() {
    all = await get("/looks");
    if (closed) return;
    paint();
    clearTimeout(timer);
    if (all.some((l) => l.state === "baking")) timer = setTimeout(() => load().catch(() => {}), POLL_MS);
  }
  const reload = () => load().catch(failed);
  const brush = button(t("portrait.add"), { sign: "brush", hidden: true, onclick: () => attempt(brush, async () => portraitForm(all, await get("/adapters"), reload)) });
  const noBase = h("p", { class: "note no-base", hidden: true }, icon("brush", "s"), h("span", { class: "wrap" }, t("portrait.no_base")));
  get("/studio").then((bases) => {
    brush.hidden = !bases.visual;
    noBase.hidden = Boolean(bases.visual) || !may("operator");
  }).catch(() => {});

  page.append(h("div", { class: "page-head" }, h("div", {}, h("h1", {}, t("page.looks")), h("p", {}, t("looks.lead"))),
    may("operator") && h("div", { class: "row" }, brush, button(t("looks.add"), { kind: "primary", sign: "upload", onclick: () => uploadSheet(reload) }))), noBase, grid);
  await load();
  const stop = status.subscribe((document) => {
    const now = document.look?.id ?? active;
    if (now === active) return;
    active = now;
    paint();
  });
  return () => {
    closed = true;
    clearTimeout(timer);
    stop();
  };
}
