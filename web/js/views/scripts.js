/** Scripts: what the presenter says of her own accord, by kind and product. */
import { get, post, put, remove } from "../api.js";
import { button, empty, field, fill, h, icon, segments, select } from "../dom.js";
import { lang, local, t } from "../i18n.js";
import { attempt, confirm, done, failed, sheet } from "../notice.js";
import { may, session } from "../session.js";

const KINDS = ["greeting", "pitch", "transition", "thanks", "cta", "closing"];
const TONGUES = [["zh", "中文"], ["en", "English"], ["ja", "日本語"]];
const path = (script) => `/scripts/${encodeURIComponent(script.id)}`;

function scriptForm(script, kind, products, saved) {
  sheet(t(script ? "scripts.edit" : "scripts.add"), (close) => {
    const kinds = select(KINDS.map((k) => [k, t(`script.${k}`)]), script?.kind ?? kind, { name: "kind" });
    const product = select([["", t("scripts.any_product")], ...products.map((p) => [p.id, local(p.name)])], script?.product_id ?? "", { name: "product" });
    const tongue = select(TONGUES, script?.lang ?? lang(), { name: "lang" });
    const text = h("textarea", { rows: 6, maxLength: 4000, value: script?.text ?? "", name: "text" });
    const enabled = h("input", { type: "checkbox", checked: script?.enabled ?? true });
    const save = button(t("save"), { kind: "primary", sign: "check", onclick: () => attempt(save, async () => {
      const body = { room: session.room.id, kind: kinds.value, product_id: product.value || null, lang: tongue.value, text: text.value.trim(),
        enabled: enabled.checked };
      await (script ? put(path(script), body) : post("/scripts", body));
      done(t("saved"));
      close();
      saved();
    }) });
    return {
      body: h("div", { class: "fields" }, field(t("scripts.kind"), kinds), field(t("scripts.lang"), tongue),
        field(t("scripts.product"), product, { wide: true }), field(t("scripts.text"), text, { wide: true, hint: t("scripts.hint") }),
        h("label", { class: "check wide" }, enabled, t("scripts.enabled"))),
      footer: [button(t("cancel"), { onclick: close }), save],
    };
  });
}

/** The text with its blanks and variations set off. */
function marked(text) {
  return text.split(/(\{\w+\}|\[[^\]]*\])/).map((part) => (
    /^[{[]/.test(part) ? h("mark", { class: part[0] === "{" ? "blank" : "variant" }, part) : part));
}

export async function scripts(page) {
  const list = h("div", { class: "stack" });
  let kind = "pitch";
  let tongue = "";
  let all = [];
  let products = [];

  function row(script) {
    const toggle = h("input", { type: "checkbox", checked: script.enabled, disabled: !may("operator"), "aria-label": t("scripts.enabled"),
      onchange: () => attempt(toggle, async () => {
        const { id, ...body } = script;
        await put(path({ id }), { ...body, enabled: toggle.checked });
        await load();
      }) });
    const erase = button(t("delete"), { sign: "trash", small: true, only: true, kind: "ghost danger", onclick: async () => {
      if (!(await confirm(t("scripts.delete.title"), script.text.slice(0, 120), t("delete")))) return;
      await attempt(erase, async () => {
        await remove(path(script));
        await load();
      });
    } });
    return h("li", { class: `script${script.enabled ? "" : " off"}`, "data-id": script.id }, h("label", { class: "check" }, toggle),
      h("p", { class: "grow wrap", lang: script.lang }, marked(script.text)), h("span", { class: "pill plain" }, script.lang),
      may("operator") && h("div", { class: "row" }, button(t("edit"), { sign: "edit", small: true, only: true, kind: "ghost",
        onclick: () => scriptForm(script, kind, products, reload) }), erase));
  }

  function paint() {
    const shown = all.filter((s) => s.kind === kind && (!tongue || s.lang === tongue));
    if (!shown.length) {
      fill(list, h("div", { class: "card" }, empty("scripts", t("scripts.none"), t("scripts.none.text"), may("operator")
        && button(t("scripts.add"), { kind: "primary", sign: "plus", onclick: () => scriptForm(null, kind, products, reload) }))));
      return;
    }
    const groups = new Map();
    for (const script of shown) {
      const key = script.product_id ?? "";
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(script);
    }
    fill(list, [...groups].map(([id, group]) => {
      const product = products.find((p) => p.id === id);
      return h("section", { class: "card" }, h("header", {}, h("h2", { class: "wrap" }, icon(id ? "tag" : "scripts"),
        id ? local(product?.name) || id : t("scripts.any_product")), h("span", { class: "pill plain num" }, group.length)),
      h("ul", { class: "script-list" }, group.map(row)));
    }));
  }

  async function load() {
    const room = encodeURIComponent(session.room.id);
    [all, products] = await Promise.all([get(`/scripts?room=${room}`), get(`/products?room=${room}`)]);
    paint();
  }
  const reload = () => load().catch(failed);

  page.append(h("div", { class: "page-head" }, h("div", {}, h("h1", {}, t("page.scripts")), h("p", {}, t("scripts.lead"))),
    may("operator") && button(t("scripts.add"), { kind: "primary", sign: "plus", onclick: () => scriptForm(null, kind, products, reload) })),
  h("div", { class: "row wrapping filters" },
    h("div", { class: "scroll-x" }, segments(KINDS.map((k) => [k, t(`script.${k}`)]), kind, (k) => { kind = k; paint(); }, t("scripts.kind"))),
    segments([["", t("scripts.all_langs")], ...TONGUES], tongue, (v) => { tongue = v; paint(); }, t("scripts.lang"))), list);
  await load();
}
