/** Quick products: which one the card shows, one click to pin another. */
import { get, post } from "../api.js";
import { button, empty, fill, h, icon } from "../dom.js";
import { local, money, t } from "../i18n.js";
import { attempt } from "../notice.js";
import { may, session } from "../session.js";

/** The picture of a product, or a sign in its place. */
export function productPicture(product, stamp = "") {
  const box = h("div", { class: "thumb" });
  if (!product.has_picture) return fill(box, icon("image"));
  const image = h("img", { src: `/products/${encodeURIComponent(product.id)}/picture${stamp && `?v=${stamp}`}`, alt: "", loading: "lazy" });
  image.addEventListener("error", () => fill(box, icon("image")));
  return fill(box, image);
}

export function quickProducts() {
  const list = h("ul", { class: "lines quick" });
  let products = [];
  let pinned = null;
  let onAir = null;
  const load = () => get(`/products?room=${encodeURIComponent(session.room.id)}`).then((all) => {
    products = all;
    paint();
  }, () => {});
  const paint = () => {
    if (!products.length) {
      fill(list, h("li", {}, empty("products", t("products.none"), t("products.none.text"))));
      return;
    }
    fill(list, products.map((p) => {
      const is = p.id === pinned;
      const pin = button(t(is ? "products.unpin" : "products.pin"), { sign: "pin", small: true, only: true, "aria-pressed": String(is),
        onclick: () => attempt(pin, () => post(`/products/${encodeURIComponent(p.id)}/pin`, { pinned: !is })) });
      return h("li", { class: `line${p.id === onAir ? " on" : ""}` }, productPicture(p),
        h("div", { class: "grow" }, h("div", { class: "clip strong" }, local(p.name)),
          h("div", { class: "small num" }, h("span", { class: "price" }, money(p.price, p.currency)),
            h("span", { class: "faint" }, ` · ${t("products.stock_n", { n: p.stock ?? "∞" })}`))),
        p.id === onAir && h("span", { class: "pill warn" }, t("products.on_air")), may("operator") && pin);
    }));
  };
  const update = (document) => {
    const card = document.on_air_product_id ?? document.now?.product_id ?? null;
    if (document.pinned_product_id === pinned && card === onAir) return;
    pinned = document.pinned_product_id;
    onAir = card;
    if (products.length) paint();
  };
  const timer = setInterval(load, 15000);
  load();
  const element = h("section", { class: "card" }, h("header", {}, h("h2", {}, icon("products"), t("page.products")),
    h("a", { class: "btn small ghost", href: "#/products" }, t("manage"))), list);
  return { element, update, close: () => clearInterval(timer) };
}
