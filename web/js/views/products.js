/** Products: what is sold, with prices that can be changed in place. */
import { get, patch, post, remove } from "../api.js";
import { button, empty, fill, h, icon } from "../dom.js";
import { local, money, t } from "../i18n.js";
import { attempt, confirm, done, failed } from "../notice.js";
import { may, session } from "../session.js";
import { productForm } from "./product_form.js";
import { productPicture } from "./quick_products.js";

const path = (product) => `/products/${encodeURIComponent(product.id)}`;

/** A number that becomes a field on a click; Enter saves, Escape leaves it as it was. */
function inline(label, value, shown, save, props) {
  const holder = h("span", { class: "inline" });
  const rest = () => {
    fill(holder, may("operator")
      ? h("button", { type: "button", class: "inline-value num", "aria-label": `${label}: ${shown}. ${t("products.inline_edit")}`,
        title: t("products.inline_edit"), onclick: edit }, shown)
      : h("span", { class: "num" }, shown));
  };
  function edit() {
    let open = true;
    const input = h("input", { class: "input num", value: value ?? "", inputMode: "decimal", "aria-label": label, ...props });
    const end = async (keep) => {
      if (!open) return;
      open = false;
      const next = input.value.trim();
      if (!keep || next === String(value ?? "")) rest();
      else if (!(await save(next))) rest();
    };
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") end(true);
      if (event.key === "Escape") end(false);
    });
    input.addEventListener("blur", () => end(true));
    fill(holder, input);
    input.select();
  }
  rest();
  return holder;
}

/** Findings of the guard by the id of their product. */
function byProduct(found) {
  const out = {};
  for (const f of found) (out[f.product_id] ??= []).push(f);
  return out;
}

export async function products(page) {
  const list = h("div", { class: "product-grid" });
  let stamp = Date.now().toString(36);
  let contradictions = {};
  const load = async () => {
    const room = encodeURIComponent(session.room.id);
    const [all, found] = await Promise.all([get(`/products?room=${room}`), get(`/guard/findings?room=${room}`)]);
    stamp = Date.now().toString(36);
    contradictions = byProduct(found);
    paint(all);
  };
  const reload = () => load().catch(failed);

  const saver = (product, key) => async (text) => {
    const value = text === "" ? null : key === "stock" ? Number(text) : text.replace(",", ".");
    try {
      await patch(path(product), { [key]: value });
    } catch (error) {
      failed(error);
      return false;
    }
    done(t("products.saved", { name: local(product.name) }));
    await load();
    return true;
  };

  const open = (product) => productForm(product, reload);

  function card(p) {
    const pin = button(t(p.pinned ? "products.unpin" : "products.pin"), { sign: "pin", small: true, "aria-pressed": String(p.pinned),
      onclick: () => attempt(pin, async () => {
        await post(`${path(p)}/pin`, { pinned: !p.pinned });
        await load();
      }) });
    const erase = button(t("delete"), { sign: "trash", small: true, only: true, kind: "ghost danger", onclick: async () => {
      if (!(await confirm(t("products.delete.title"), t("products.delete.text", { name: local(p.name) }), t("delete")))) return;
      await attempt(erase, async () => {
        await remove(path(p));
        await load();
      });
    } });
    const facts = Object.values(p.facts ?? {}).flat().length;
    const wrong = contradictions[p.id] ?? [];
    return h("article", { class: `card product${p.pinned ? " pinned" : ""}`, "data-id": p.id },
      h("div", { class: "product-picture" }, productPicture(p, stamp), p.pinned && h("span", { class: "pill warn" }, t("products.pinned"))),
      h("div", { class: "product-body" },
        h("h2", { class: "wrap" }, local(p.name)),
        h("div", { class: "row wrapping product-price" },
          inline(t("products.price"), p.price, money(p.price, p.currency), saver(p, "price"), { id: `price-${p.id}` }),
          p.was_price && h("s", { class: "faint num" }, money(p.was_price, p.currency))),
        h("div", { class: "row wrapping small muted" },
          h("span", {}, t("products.stock")),
          inline(t("products.stock"), p.stock, p.stock ?? t("products.no_stock"), saver(p, "stock"), { inputMode: "numeric" }),
          h("span", { class: "faint" }, t("products.counts", { facts, faq: (p.faq ?? []).length }))),
        wrong.length > 0 && h("details", { class: "product-findings" },
          h("summary", {}, icon("warn", "s"), h("span", {}, t("products.findings", { n: wrong.length }))),
          h("ul", { class: "small" }, wrong.map((f) => h("li", { class: "wrap" }, local(f.message))))),
        h("div", { class: "row between product-foot" },
          may("operator") ? h("div", { class: "row" }, pin, button(t("edit"), { sign: "edit", small: true, onclick: () => open(p) })) : h("span"),
          may("operator") && erase)));
  }

  function paint(all) {
    fill(list, all.length ? all.map(card) : h("div", { class: "card wide-empty" }, empty("products", t("products.none"),
      t("products.none.text"), may("operator") && button(t("products.add"), { kind: "primary", sign: "plus", onclick: () => open(null) }))));
  }

  page.append(h("div", { class: "page-head" }, h("div", {}, h("h1", {}, t("page.products")), h("p", {}, t("products.lead"))),
    may("operator") && button(t("products.add"), { kind: "primary", sign: "plus", onclick: () => open(null) })), list);
  await load();
}
