/** Banners: what is wrong with the room now, in the user's language. */
import { fill, h, icon } from "../dom.js";
import { t } from "../i18n.js";

export function banners(local) {
  const element = h("div", { "aria-live": "polite" });
  let shown = "";
  const update = (document, connected) => {
    const texts = connected ? document.faults.map((f) => local(f.message) || f.code) : [t("banner.lost")];
    if (texts.join("|") === shown) return;
    shown = texts.join("|");
    fill(element, texts.map((text) => h("div", { class: "banner" }, icon("warn"), h("span", { class: "wrap" }, text))));
  };
  return { element, update };
}
