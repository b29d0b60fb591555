/** One entry of the running order: a line that opens into its fields. */
import { button, field, fill, h, icon, say, select } from "../dom.js";
import { clock, local, t } from "../i18n.js";
import { may } from "../session.js";
import { pointsEditor, TONGUES } from "./rundown_points.js";

export const KINDS = ["opening", "product", "cta", "qa", "transition", "break", "closing"];
export const KIND_SIGN = { opening: "flag", product: "tag", cta: "gift", qa: "question", transition: "skip", break: "cup", closing: "moon" };
const WITH_PRODUCT = ["product", "cta", "qa"];
export const MINUTES = { least: 0.2, most: 240 };

/** What an entry is called: its title, or the product's name, or the name of its kind. */
export const titleOf = (item, products) => item.title || (item.product_id && local(products.get(item.product_id)?.name)) || t(`rundown.kind.${item.kind}`);

const minutesWords = (minutes) => t("rundown.min", { n: Number(minutes.toFixed(1)) });

/**
 * An `li` over `item`, which is changed in place. `on` holds what can be done: `touched()`, `move(by)`, `copy()`, `erase()`,
 * `go()`, `toggle()` (opens or closes).
 */
export function itemRow(item, { products, position, startsAt, open, fault, on }) {
  const canEdit = may("operator");
  const name = h("b", { class: "clip" });
  const under = h("span", { class: "small faint clip" });
  const length = h("span", { class: "rundown-length num" });
  const kindWord = () => t(`rundown.kind.${item.kind}`);
  const named = () => local(products.get(item.product_id)?.name);
  const words = () => {
    const count = Object.values(item.points).reduce((sum, list) => Math.max(sum, list.filter((p) => p.trim()).length), 0);
    say(name, titleOf(item, products));
    say(under, [titleOf(item, products) !== kindWord() && kindWord(), item.title && item.product_id && named() !== item.title && named(), item.lang && TONGUES.find(([l]) => l === item.lang)?.[1],
      count ? t("rundown.points_n", { n: count }) : null, item.enabled ? null : t("rundown.skipped")].filter(Boolean).join(" · "));
    say(length, minutesWords(Number(item.minutes) || 0));
  };
  words();
  const go = canEdit && button(t("rundown.go"), { sign: "play", small: true, kind: "rundown-go", "data-act": `go-${item.id}`, "aria-label": t("rundown.go_to", { name: titleOf(item, products) }), title: t("rundown.go.about"), onclick: () => on.go(go) });
  const head = h("div", { class: "rundown-head" },
    canEdit && h("button", { type: "button", class: "grip grip-btn", "data-act": `grip-${item.id}`, "aria-label": t("rundown.move", { name: titleOf(item, products) }), title: t("rundown.move.about") }, icon("grip")),
    h("span", { class: "rundown-sign" }, icon(KIND_SIGN[item.kind] ?? "scripts", "s")),
    h("span", { class: "rundown-at faint num" }, clock(startsAt * 60)),
    h("button", { type: "button", class: "rundown-open", "data-act": `open-${item.id}`, "aria-expanded": String(open), onclick: on.toggle }, name, under),
    go, length, h("span", { class: "rundown-chevron" }, icon(open ? "up" : "down", "s")));
  const bar = h("div", { class: "bar rundown-bar", hidden: true }, h("i"));
  const element = h("li", { class: `rundown-item${item.enabled ? "" : " off"}${open ? " open" : ""}${fault ? " wrong" : ""}`, "data-id": item.id, "data-kind": item.kind, "data-position": position },
    head, fault && h("p", { class: "rundown-fault", role: "alert" }, icon("warn", "s"), h("span", { class: "wrap" }, fault)), bar,
    open && body());

  function body() {
    const change = (work) => () => { work(); words(); on.touched(); };
    const kind = select(KINDS.map((k) => [k, t(`rundown.kind.${k}`)]), item.kind, { name: "kind", onchange: () => {
      item.kind = kind.value;
      if (!WITH_PRODUCT.includes(item.kind)) item.product_id = null;
      on.touched();
      on.again();
    } });
    const title = h("input", { name: "title", value: item.title, maxLength: 120, placeholder: titleOf({ ...item, title: "" }, products), oninput: change(() => { item.title = title.value; }) });
    const product = select([["", t("rundown.product.none")], ...[...products.values()].map((p) => [p.id, local(p.name)])], item.product_id ?? "", { name: "product", onchange: change(() => { item.product_id = product.value || null; }) });
    if (item.product_id && !products.has(item.product_id)) {
      product.prepend(h("option", { value: item.product_id }, t("rundown.product.gone")));
      product.value = item.product_id;
    }
    const minutes = h("input", { name: "minutes", type: "number", min: MINUTES.least, max: MINUTES.most, step: "any", inputMode: "decimal", required: true, value: item.minutes, oninput: change(() => { item.minutes = Number(minutes.value) || 0; }) });
    const tongue = select([["", t("rundown.lang.presenter")], ...TONGUES], item.lang ?? "", { name: "lang", onchange: change(() => { item.lang = tongue.value || null; }) });
    const enabled = h("input", { type: "checkbox", checked: item.enabled, name: "enabled", onchange: () => { item.enabled = enabled.checked; on.touched(); on.again(); } });
    const fields = h("fieldset", { class: "rundown-fields", disabled: !canEdit },
      h("div", { class: "fields rundown-grid" }, field(t("rundown.kind"), kind), field(t("rundown.title"), title),
        WITH_PRODUCT.includes(item.kind) && field(t("rundown.product"), product), field(t("rundown.minutes"), minutes), field(t("rundown.lang"), tongue)),
      pointsEditor(item, () => { words(); on.touched(); }), h("label", { class: "check" }, enabled, h("span", {}, t("rundown.enabled"))));
    return h("div", { class: "rundown-body" }, fields, canEdit && h("div", { class: "row wrapping rundown-acts" },
      button(t("rundown.up"), { sign: "up", small: true, onclick: () => on.move(-1), "data-act": `up-${item.id}` }), button(t("rundown.down"), { sign: "down", small: true, onclick: () => on.move(1), "data-act": `down-${item.id}` }),
      h("span", { class: "grow" }), button(t("rundown.copy"), { sign: "copy", small: true, onclick: on.copy }), button(t("delete"), { sign: "trash", small: true, kind: "danger", onclick: on.erase })));
  }

  /** Show how far the entry is while it is on air, or that it is not. */
  const onAir = (now) => {
    element.classList.toggle("on", Boolean(now));
    bar.hidden = !now;
    if (go) go.hidden = Boolean(now);
    fill(length, now ? h("b", {}, `${clock(now.elapsed_s)} / ${clock(now.planned_s)}`) : minutesWords(Number(item.minutes) || 0));
    if (now) bar.firstChild.style.setProperty("width", `${Math.min(100, (100 * now.elapsed_s) / (now.planned_s || 1)).toFixed(1)}%`);
  };
  return { element, onAir };
}
