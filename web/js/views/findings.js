/** Findings: what is wrong with a data set, in a shop owner's words, or else in the server's. */
import { button, fill, h, icon } from "../dom.js";
import { known, t } from "../i18n.js";

const SHOWN = 3;
const ORDER = ["error", "warn", "info"];
const SIGN = { error: "warn", warn: "warn", info: "info" };

/** [what, what to do] of one finding. */
export function finding(said, kind) {
  const key = [!said.count && `finding.${said.code}.whole`, `finding.${said.code}.${kind}`, `finding.${said.code}`].filter(Boolean).find(known);
  return key ? [t(key, { n: said.count }), t(`${key}.next`)] : [said.message, said.next_step];
}

/** What the items of a finding are called, in one word. */
export const codeWord = (code) => t(known(`code.${code}`) ? `code.${code}` : "code.other");

function names({ files, count }) {
  const some = files.slice(0, 3).join(t("comma"));
  return count > 3 && files.length ? t("datasets.files_more", { names: some, n: count }) : some;
}

/** The worst ones first; what is over three is folded. */
export function findings(dataset) {
  const every = [...dataset.findings].sort((a, b) => ORDER.indexOf(a.level) - ORDER.indexOf(b.level));
  if (!every.length) return h("p", { class: "small clean" }, icon("check", "s"), t("datasets.clean"));
  const line = (said) => {
    const [what, next] = finding(said, dataset.kind);
    return h("li", { class: `finding ${said.level}` }, icon(SIGN[said.level] ?? "info", "s"), h("div", { class: "grow wrap" },
      h("b", {}, h("span", { class: "visually-hidden" }, known(`level.${said.level}`) ? `${t(`level.${said.level}`)} ` : ""), what), " ", said.files.length > 0 && h("span", { class: "faint mono files" }, names(said)),
      next && h("p", { class: "small muted" }, next)));
  };
  const list = h("ul", { class: "findings" });
  const over = every.length - SHOWN;
  let whole = false;
  const toggle = button("", { small: true, kind: "ghost", "data-act": "more", onclick: () => { whole = !whole; show(); } });
  const show = () => {
    fill(list, (whole ? every : every.slice(0, SHOWN)).map(line));
    fill(toggle, h("span", {}, t(whole ? "datasets.less" : "datasets.more", { n: over })));
    toggle.setAttribute("aria-expanded", String(whole));
  };
  show();
  return [list, over > 0 && h("div", {}, toggle)];
}
