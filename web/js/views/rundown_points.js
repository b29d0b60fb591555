/** Points: what is to be said in a block of the running order, in order, per language. */
import { button, fill, h, icon, segments } from "../dom.js";
import { reordered, sortable } from "../drag_list.js";
import { lang, t } from "../i18n.js";

export const TONGUES = [["zh", "中文"], ["en", "English"], ["ja", "日本語"]];
const MAX_POINT = 600;
const MOST = 40;

/** The editor of `item.points`, which is changed in place; `touched()` is called at each change. */
export function pointsEditor(item, touched) {
  let tongue = item.lang || (item.points[lang()]?.length ? lang() : TONGUES.find(([l]) => item.points[l]?.length)?.[0] ?? lang());
  const list = h("ol", { class: "points" });
  const points = () => (item.points[tongue] ??= []);

  const shift = (from, to) => {
    item.points[tongue] = reordered(points(), from, to);
    paint();
    touched();
    list.children[to]?.querySelector(".point-grip")?.focus();
  };
  function row(text, n) {
    const input = h("input", { class: "input", value: text, maxLength: MAX_POINT, lang: tongue, "aria-label": t("rundown.point_n", { n: n + 1 }),
      placeholder: t("rundown.point.placeholder"), oninput: () => { points()[n] = input.value; touched(); } });
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      add(n + 1);
    });
    return h("li", { class: "point" },
      h("button", { type: "button", class: "point-grip grip-btn", "aria-label": t("rundown.point.move", { n: n + 1 }), title: t("rundown.move.about") }, icon("grip", "s")), input,
      button(t("rundown.point.remove"), { sign: "close", small: true, only: true, kind: "ghost", onclick: () => {
        points().splice(n, 1);
        paint();
        touched();
        (list.children[Math.min(n, list.children.length - 1)]?.querySelector("input") ?? more).focus();
      } }));
  }
  const paint = () => fill(list, points().map(row));
  const add = (at) => {
    if (points().length >= MOST) return;
    points().splice(at, 0, "");
    paint();
    touched();
    list.children[at].querySelector("input").focus();
  };
  const more = button(t("rundown.point.add"), { sign: "plus", small: true, onclick: () => add(points().length) });
  sortable(list, { handle: ".point-grip", moved: shift });
  paint();
  return h("fieldset", { class: "points-field" },
    h("legend", { class: "visually-hidden" }, t("rundown.points")),
    h("div", { class: "row between wrapping" }, h("span", { class: "label" }, t("rundown.points")),
      segments(TONGUES.map(([l, name]) => [l, name]), tongue, (l) => { tongue = l; paint(); }, t("rundown.points.lang"))),
    list, h("div", { class: "row between wrapping" }, more, h("small", { class: "faint" }, t("rundown.points.hint"))));
}
