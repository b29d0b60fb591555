/** A button that acts only when it has been held for a second, by pointer or key. */
import { h, icon, say } from "../dom.js";
import { t } from "../i18n.js";

export const HOLD_MS = 1000;

/** `work(button)` is called once the hold is over; a press that was too short says how it is done. */
export function holdButton(label, { sign, work, only = false, kind = "", ...rest }) {
  const words = h("span", { class: only ? "visually-hidden" : "" }, label);
  const element = h("button", { type: "button", class: `btn hold ${kind}${only ? " only" : ""}`, title: t("hold.about", { label }), "aria-label": t("hold.about", { label }), ...rest }, h("i", { class: "hold-fill" }), icon(sign, only ? "s" : ""), words);
  let timer = 0;
  const begin = () => {
    if (timer || element.disabled) return;
    element.classList.add("holding");
    say(words, t("hold.on"));
    timer = setTimeout(() => {
      end(false);
      work(element);
    }, HOLD_MS);
  };
  const end = (early) => {
    if (!timer) return;
    clearTimeout(timer);
    timer = 0;
    element.classList.remove("holding");
    say(words, early ? t("hold.short") : label);
    if (early) setTimeout(() => { if (!timer) say(words, label); }, 1800);
  };
  element.addEventListener("pointerdown", (event) => { if (event.button === 0) begin(); });
  for (const name of ["pointerup", "pointerleave", "pointercancel", "blur"]) element.addEventListener(name, () => end(true));
  element.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) begin();
  });
  element.addEventListener("keyup", (event) => { if (event.key === " " || event.key === "Enter") end(true); });
  element.addEventListener("contextmenu", (event) => event.preventDefault());
  return element;
}
