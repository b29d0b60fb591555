/** Adapters: the catalogue of LoRA files that personas can wear. */
import { activate, get, patch, remove, upload } from "../api.js";
import { button, empty, field, fill, h, icon, say, select } from "../dom.js";
import { bytes, known, t } from "../i18n.js";
import { status } from "../live.js";
import { attempt, confirm, done, failed, sheet } from "../notice.js";
import { may, session } from "../session.js";

const POLL_MS = 2000;
const CONFIG = "adapter_config.json";
const LIKENESS = ["none", "person", "unknown"];
const path = (adapter) => `/adapters/${encodeURIComponent(adapter.id)}`;

/** The fields that a person fills in, for the upload and for changing them later. */
function saidFields(values) {
  const name = h("input", { name: "name", maxLength: 80, value: values.name ?? "" });
  const licence = h("input", { name: "licence", maxLength: 200, value: values.licence ?? "", placeholder: t("adapters.licence.hint") });
  const words = h("input", { name: "trigger_words", maxLength: 600, value: (values.trigger_words ?? []).join(", ") });
  const by = h("input", { name: "consent_by", maxLength: 120, value: values.consent?.by ?? "" });
  const note = h("input", { name: "consent_note", maxLength: 1000, value: values.consent?.note ?? "" });
  const consent = h("div", { class: "fields wide" }, field(t("adapters.consent_by"), by), field(t("adapters.consent_note"), note));
  const likeness = select(LIKENESS.map((v) => [v, t(`adapters.likeness.${v}`)]), values.likeness ?? "unknown", { name: "likeness" });
  const show = () => { consent.hidden = likeness.value !== "person"; };
  likeness.addEventListener("change", show);
  show();
  const element = h("div", { class: "fields" }, field(t("adapters.name"), name), field(t("adapters.licence"), licence),
    field(t("adapters.words"), words, { wide: true, hint: t("adapters.words.hint") }),
    values.kind !== "language" && field(t("adapters.likeness"), likeness, { wide: true, hint: t("adapters.likeness.hint") }), values.kind !== "language" && consent);
  const read = () => ({ name: name.value.trim(), licence: licence.value.trim(), likeness: likeness.value,
    consent_by: likeness.value === "person" ? by.value.trim() : "", consent_note: likeness.value === "person" ? note.value.trim() : "", trigger_words: words.value.trim() });
  return { element, read, name };
}

function uploadSheet(saved) {
  const given = new AbortController();
  sheet(t("adapters.add"), (close) => {
    const said = saidFields({});
    const input = h("input", { type: "file", accept: ".safetensors,.json", multiple: true, class: "visually-hidden", id: "adapter-file" });
    const label = h("b", {}, t("adapters.drop"));
    const hint = h("span", { class: "small faint" }, t("adapters.drop.hint"));
    const drop = h("label", { class: "drop short", for: "adapter-file" }, icon("adapters", "l"), label, hint, input);
    const bar = h("div", { class: "bar" }, h("i"));
    const how = h("span", { class: "small faint num" });
    const going = h("div", { class: "stack tight", hidden: true }, bar, how);
    const refused = h("div", {});
    let file = null;
    let config = null;
    const take = (files) => {
      for (const f of files) {
        if (f.name.endsWith(".json")) config = f;
        else file = f;
      }
      if (!file) return;
      fill(refused);
      say(label, file.name);
      say(hint, [bytes(file.size), config && CONFIG].filter(Boolean).join(" · "));
      if (!said.name.value) said.name.value = file.name.replace(/\.[^.]+$/, "").slice(0, 80);
      go.disabled = false;
    };
    input.addEventListener("change", () => take(input.files));
    for (const name of ["dragover", "drop"]) drop.addEventListener(name, (event) => {
      event.preventDefault();
      if (name === "drop") take(event.dataTransfer.files);
    });
    const go = button(t("adapters.upload"), { kind: "primary", sign: "upload", disabled: true, onclick: async () => {
      const form = new FormData();
      for (const [key, value] of Object.entries(said.read())) form.append(key, value);
      if (config) form.append("config", config);
      form.append("file", file);
      fill(refused);
      going.hidden = false;
      go.disabled = true;
      try {
        const made = await upload("/adapters", form, (share, sent, all) => {
          bar.firstChild.style.setProperty("width", `${Math.round(share * 100)}%`);
          say(how, share < 1 ? t("adapters.progress", { done: bytes(sent), all: bytes(all) }) : t("adapters.checking"));
        }, given.signal);
        done(t("adapters.uploaded", { name: made.name }));
        close();
        saved();
      } catch (error) {
        if (error.code === "given_up") return;
        const key = `refusal.${error.reason}`;
        fill(refused, h("div", { class: "note bad", role: "alert" }, icon("warn"), h("div", { class: "grow wrap" }, h("b", {}, t("adapters.refused")),
          h("p", {}, known(key) ? t(key) : ""), h("p", { class: "small" }, error.message), h("p", { class: "small" }, error.nextStep))));
      } finally {
        going.hidden = true;
        go.disabled = false;
      }
    } });
    return { body: h("div", { class: "stack" }, drop, refused, said.element, going), footer: [button(t("cancel"), { onclick: close }), go] };
  }, { closed: () => given.abort() });
}

function detailSheet(adapter, saved) {
  sheet(adapter.name, (close) => {
    const said = saidFields(adapter);
    const rows = [["base", adapter.base], ["layout", adapter.layout], ["rank", adapter.rank], ["modules", adapter.modules + (adapter.text_encoder ? ` (${t("adapters.text_encoder")})` : "")], ["size", bytes(adapter.size_bytes)]];
    const facts = h("dl", { class: "facts" }, rows.flatMap(([key, value]) => [h("dt", {}, t(`adapters.${key}`)), h("dd", {}, value)]),
      h("dt", {}, t("adapters.sha")), h("dd", { class: "mono small wrap" }, adapter.sha256));
    const table = adapter.table && Object.keys(adapter.table).length
      ? h("div", {}, h("h3", {}, t("adapters.table")), h("dl", { class: "facts" }, Object.entries(adapter.table).flatMap(([k, v]) => [h("dt", { class: "mono small" }, k), h("dd", { class: "num wrap" }, v)]))) : null;
    const save = button(t("save"), { kind: "primary", sign: "check", onclick: () => attempt(save, async () => {
      const values = said.read();
      await patch(path(adapter), { ...values, trigger_words: values.trigger_words.split(",").map((w) => w.trim()).filter(Boolean) });
      done(t("saved"));
      close();
      saved();
    }) });
    const erase = button(t("delete"), { kind: "danger", sign: "trash", onclick: async () => {
      if (!(await confirm(t("adapters.delete.title"), t("adapters.delete.text", { name: adapter.name }), t("delete")))) return;
      await attempt(erase, async () => {
        await remove(path(adapter));
        close();
        saved();
      });
    } });
    return { body: h("div", { class: "stack" }, adapter.error && h("p", { class: "note bad" }, icon("warn"), h("span", { class: "wrap" }, adapter.error)), facts, table, may("operator") && said.element),
      footer: may("operator") && [erase, h("span", { class: "grow" }), button(t("cancel"), { onclick: close }), save] };
  }, { wide: true });
}

/** A range with its number beside it. */
export function weightField(label, value, { min = 0, max = 1.5 } = {}) {
  const shown = h("output", { class: "num" }, Number(value).toFixed(2));
  const input = h("input", { type: "range", min, max, step: 0.05, value, "aria-label": label });
  input.addEventListener("input", () => say(shown, Number(input.value).toFixed(2)));
  return { element: h("div", { class: "field" }, h("span", {}, label), h("div", { class: "row range" }, input, shown)), value: () => Number(input.value) };
}

function trySheet(adapter) {
  sheet(t("adapters.try.title", { name: adapter.name }), (close) => {
    const weight = weightField(t("adapters.try.weight"), 1);
    const go = button(t("adapters.try"), { kind: "primary", sign: "play", onclick: () => attempt(go, async () => {
      await activate({ room: session.room.id, [adapter.kind]: adapter.id, weight: weight.value(), when: "boundary" });
      done(t("worn.asked", { name: adapter.name }));
      close();
      location.hash = "#/studio";
    }) });
    return { body: h("div", { class: "stack" }, h("p", { class: "muted" }, t("adapters.try.text")), weight.element), footer: [button(t("cancel"), { onclick: close }), go] };
  });
}

function consentPill(adapter) {
  if (adapter.kind !== "visual") return null;
  if (adapter.likeness === "unknown") return h("span", { class: "pill warn" }, t("adapters.unknown_person"));
  if (adapter.likeness !== "person") return null;
  return adapter.consent ? h("span", { class: "pill good", title: adapter.consent.note }, t("adapters.consent", { by: adapter.consent.by }))
    : h("span", { class: "pill bad" }, t("adapters.no_consent"));
}

function card(adapter, reload) {
  const on = adapter.active_in.length > 0;
  const sign = adapter.kind === "visual" ? "brush" : "chat";
  const picture = h("div", { class: `adapter-picture ${adapter.kind}` }, adapter.has_preview
    ? h("img", { src: `${path(adapter)}/preview`, alt: "", loading: "lazy" }) : icon(sign, "l"), on && h("span", { class: "pill bad" }, t("adapters.on_air")));
  const sample = adapter.sample_state === "ready" ? (adapter.sample_line && h("p", { class: "sample wrap" }, `“${adapter.sample_line}”`))
    : h("p", { class: "small faint" }, t(`adapters.sample.${adapter.sample_state}`));
  const go = button(t("adapters.try"), { kind: "primary", small: true, sign: "play", onclick: () => trySheet(adapter) });
  go.disabled = adapter.state !== "ready";
  return h("article", { class: `card adapter${on ? " on" : ""}`, "data-id": adapter.id }, picture,
    h("div", { class: "adapter-body stack tight" },
      h("div", { class: "row between" }, h("h2", { class: "clip" }, adapter.name), h("span", { class: `pill ${adapter.state === "ready" ? "good" : "bad"}` }, t(`adapters.state.${adapter.state}`))),
      h("p", { class: "small faint num" }, [t(`adapters.kind.${adapter.kind}`), adapter.base, `${t("adapters.rank")} ${adapter.rank}`, bytes(adapter.size_bytes)].join(" · ")),
      adapter.error ? h("p", { class: "small wrap bad-text" }, adapter.error) : sample,
      h("div", { class: "row wrapping" }, consentPill(adapter), adapter.trigger_words.map((w) => h("span", { class: "pill plain" }, w))),
      adapter.used_by.length > 0 && h("p", { class: "small faint clip" }, t("adapters.used_by", { names: adapter.used_by.join(", ") })),
      h("div", { class: "row adapter-foot" }, may("operator") && go, button(t("adapters.details"), { small: true, sign: "info", onclick: () => detailSheet(adapter, reload) }))));
}

export async function adapters(page) {
  const grid = h("div", { class: "adapter-grid" });
  let timer = 0;
  let closed = false;
  let before = null;
  async function load() {
    const [all, bases] = await Promise.all([get("/adapters"), get("/studio")]);
    if (closed) return;
    const none = bases.state === "off" ? empty("adapters", t("adapters.no_base"), t("adapters.no_base.text"))
      : empty("adapters", t("adapters.none"), t("adapters.none.text"));
    const cards = all.map((a) => card(a, reload));
    fill(grid, cards.length ? cards : h("div", { class: "card wide-empty" }, none));
    clearTimeout(timer);
    if (all.some((a) => a.sample_state === "pending")) timer = setTimeout(() => load().catch(() => {}), POLL_MS);
  }
  const reload = () => load().catch(failed);
  page.append(h("div", { class: "page-head" }, h("p", {}, t("adapters.lead")),
    may("operator") && button(t("adapters.add"), { kind: "primary", sign: "upload", onclick: () => uploadSheet(reload) })), grid);
  await load();
  const stop = status.subscribe((document) => {
    const now = JSON.stringify([document.persona?.since, document.studio?.state]);
    if (before !== null && now !== before) reload();
    before = now;
  });
  return () => {
    closed = true;
    clearTimeout(timer);
    stop();
  };
}
