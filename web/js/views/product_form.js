/** Product form: everything about one product, in three languages. */
import { post, put, upload } from "../api.js";
import { button, field, fill, h, icon } from "../dom.js";
import { lang, t } from "../i18n.js";
import { attempt, done, sheet } from "../notice.js";
import { session } from "../session.js";
import { productPicture } from "./quick_products.js";

const TONGUES = [["zh", "中文"], ["en", "English"], ["ja", "日本語"]];

/** One field per language, of which one is shown at a time. */
function byTongue(make) {
  const parts = Object.fromEntries(TONGUES.map(([code]) => [code, make(code)]));
  const show = (code) => {
    for (const [c, part] of Object.entries(parts)) part.element.hidden = c !== code;
  };
  const values = () => Object.fromEntries(Object.entries(parts).map(([c, p]) => [c, p.value()]).filter(([, v]) => v.length));
  return { elements: Object.values(parts).map((p) => p.element), show, values };
}

function tongueText(label, texts, props = {}) {
  return byTongue((code) => {
    const input = h("input", { value: texts?.[code] ?? "", lang: code, "data-lang": code, ...props });
    return { element: field(label, input, { wide: true }), value: () => input.value.trim() };
  });
}

function tongueLines(label, lines, hint) {
  return byTongue((code) => {
    const input = h("textarea", { rows: 5, value: (lines?.[code] ?? []).join("\n"), lang: code, "data-lang": code });
    return { element: field(label, input, { wide: true, hint }), value: () => input.value.split("\n").map((s) => s.trim()).filter(Boolean) };
  });
}

/** Questions and answers; rows are added and removed. */
function faqList(faq, current) {
  const list = h("div", { class: "stack tight" });
  const rows = new Set();
  const add = (entry = {}) => {
    const question = tongueText(t("form.question"), entry.question);
    const answer = tongueText(t("form.answer"), entry.answer, { maxLength: 2000 });
    const row = { question, answer };
    const element = h("div", { class: "faq-row" }, h("div", { class: "stack tight grow" }, question.elements, answer.elements),
      button(t("delete"), { sign: "trash", small: true, only: true, kind: "ghost danger", onclick: () => {
        rows.delete(row);
        element.remove();
      } }));
    for (const part of [question, answer]) part.show(current());
    rows.add(row);
    list.append(element);
  };
  for (const entry of faq ?? []) add(entry);
  const element = h("div", { class: "field wide" }, h("span", {}, t("form.faq")), list,
    h("div", {}, button(t("form.faq.add"), { sign: "plus", small: true, onclick: () => add() })));
  const show = (code) => rows.forEach((r) => [r.question, r.answer].forEach((p) => p.show(code)));
  const values = () => [...rows].map((r) => ({ question: r.question.values(), answer: r.answer.values() }))
    .filter((r) => Object.keys(r.question).length && Object.keys(r.answer).length);
  return { element, show, values };
}

function pictureField(product) {
  const box = h("div", { class: "picture-box" });
  const input = h("input", { type: "file", accept: "image/png,image/jpeg,image/webp", class: "visually-hidden", id: "product-picture" });
  let url = "";
  fill(box, productPicture(product ?? {}, Date.now().toString(36)));
  input.addEventListener("change", () => {
    if (!input.files[0]) return;
    if (url) URL.revokeObjectURL(url);
    url = URL.createObjectURL(input.files[0]);
    fill(box, h("div", { class: "thumb" }, h("img", { src: url, alt: t("form.picture") })));
  });
  const element = h("div", { class: "picture-field wide" }, box, h("div", {},
    h("label", { class: "btn small", for: "product-picture" }, icon("upload", "s"), h("span", {}, t("form.picture.choose")), input),
    h("p", { class: "small faint" }, t("form.picture.hint"))));
  return { element, file: () => input.files[0] ?? null, close: () => url && URL.revokeObjectURL(url) };
}

/** Open the form for a product, or for a new one when it is null; `saved` is called afterwards. */
export function productForm(product, saved) {
  let tongue = lang();
  const name = tongueText(t("form.name"), product?.name, { maxLength: 300 });
  const unit = tongueText(t("form.unit"), product?.unit, { maxLength: 12, placeholder: t("form.unit.hint") });
  const facts = tongueLines(t("form.facts"), product?.facts, t("form.facts.hint"));
  const faq = faqList(product?.faq, () => tongue);
  const number = (value, props) => h("input", { value: value ?? "", inputMode: "decimal", class: "num", ...props });
  const price = number(product?.price, { name: "price" });
  const was = number(product?.was_price, { name: "was_price" });
  const stock = number(product?.stock, { name: "stock", inputMode: "numeric" });
  const aliases = h("input", { value: (product?.aliases ?? []).join(", ") });
  const picture = pictureField(product);
  const parts = [name, unit, facts, faq];
  const show = (code) => {
    tongue = code;
    for (const part of parts) part.show(code);
    for (const tab of tabs.children) tab.setAttribute("aria-selected", String(tab.dataset.lang === code));
  };
  const tabs = h("div", { class: "seg", role: "tablist", "aria-label": t("form.language") }, TONGUES.map(([code, label]) =>
    h("button", { type: "button", role: "tab", "data-lang": code, onclick: () => show(code) }, label)));
  show(tongue);

  const money = (input) => input.value.trim().replace(",", ".") || null;
  const document = () => ({
    room: session.room.id, name: name.values(), unit: unit.values(), facts: facts.values(), faq: faq.values(),
    price: money(price), was_price: money(was), stock: stock.value.trim() === "" ? null : Number(stock.value),
    currency: product?.currency ?? session.room.currency ?? "CNY",
    aliases: aliases.value.split(/[,，、]/).map((s) => s.trim()).filter(Boolean),
    ...(product ? { position: product.position } : {}),
  });

  sheet(t(product ? "form.edit" : "products.add"), (close) => {
    let kept = product;
    const save = button(t("save"), { kind: "primary", sign: "check", onclick: () => attempt(save, async () => {
      kept = kept ? await put(`/products/${encodeURIComponent(kept.id)}`, document()) : await post("/products", document());
      const file = picture.file();
      if (file) {
        const form = new FormData();
        form.append("file", file);
        await upload(`/products/${encodeURIComponent(kept.id)}/picture`, form);
      }
      done(t("saved"));
      close();
      saved();
    }) });
    return {
      body: h("div", { class: "fields" }, picture.element, h("div", { class: "wide" }, tabs), name.elements,
        field(t("products.price"), price), field(t("products.was_price"), was), field(t("products.stock"), stock, { hint: t("form.stock.hint") }),
        h("div", {}, unit.elements), facts.elements, faq.element, field(t("form.aliases"), aliases, { wide: true, hint: t("form.aliases.hint") })),
      footer: [button(t("cancel"), { onclick: close }), save],
    };
  }, { wide: true, closed: picture.close });
}
