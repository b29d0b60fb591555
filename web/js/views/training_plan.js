/** The plan of a training that is being set up: what it will take, before it takes it. */
import { fill, h, icon, say } from "../dom.js";
import { about, bytes, number, t } from "../i18n.js";

const MB = 1 << 20;
const TIGHT = 0.85;

function memory(plan) {
  if (!plan.memory_mb) return [h("b", { class: "faint unknown" }, t("plan.unknown"))];
  const need = bytes(plan.memory_mb * MB);
  if (!plan.memory_free_mb) return [h("b", {}, need)];
  const share = plan.memory_mb / plan.memory_free_mb;
  const bar = h("div", { class: `bar${share > 1 ? " over" : share > TIGHT ? " tight" : ""}`, role: "progressbar", "aria-label": t("plan.memory.label"), "aria-valuemin": 0, "aria-valuemax": 100,
    "aria-valuenow": Math.min(100, Math.round(share * 100)) }, h("i", { style: { width: `${Math.min(100, share * 100)}%` } }));
  return [h("b", {}, t("plan.memory.of", { need, free: bytes(plan.memory_free_mb * MB) })), bar, share > 1 && h("small", { class: "bad-text" }, t("plan.memory.over"))];
}

function cells(plan) {
  const cell = (name, ...parts) => h("div", { class: "plan-cell" }, h("dt", {}, t(`plan.${name}`)), h("dd", { class: "num" }, parts));
  const compact = (n) => number(n, { notation: "compact", maximumSignificantDigits: 3 });
  return h("dl", { class: "plan-cells" },
    cell("steps", h("b", {}, t("plan.steps.value", { n: number(plan.steps) })), h("small", {}, t("plan.steps.about", { items: number(plan.items), epochs: number(plan.epochs), held: number(plan.held_out) }))),
    cell("time", plan.time_s ? h("b", {}, about(plan.time_s)) : h("b", { class: "faint unknown" }, t("plan.unknown")), plan.device && h("small", { class: "clip" }, plan.device)),
    cell("memory", memory(plan)),
    cell("share", h("b", {}, number(plan.share, { style: "percent", maximumSignificantDigits: 2 })), h("small", {}, t("plan.share.about", { n: compact(plan.trainable), all: compact(plan.total) }))),
    cell("size", h("b", {}, bytes(plan.size_mb * MB))));
}

/** `element` to place; `waiting`, `show(plan)` and `refused(error)` say what is known. */
export function planView() {
  const said = h("span", { class: "small faint", role: "status" });
  const body = h("div", { class: "stack tight" });
  const element = h("section", { class: "plan", "aria-label": t("plan.title") }, h("div", { class: "row between" }, h("h3", {}, t("plan.title")), said), body);
  const busy = (on) => {
    element.toggleAttribute("aria-busy", on);
    say(said, on ? t("plan.waiting") : "");
  };
  const show = (plan) => {
    busy(false);
    fill(body, cells(plan),
      plan.changes.length > 0 && h("div", { class: "note" }, icon("info"), h("div", { class: "grow wrap" }, h("b", {}, t("plan.changes")), plan.changes.map((line) => h("p", { class: "small" }, line)))),
      plan.warnings.map((line) => h("p", { class: "note tight-note" }, icon("warn"), h("span", { class: "wrap" }, line))));
  };
  const refused = (error) => {
    busy(false);
    const offline = error.code === "offline";
    fill(body, h("div", { class: "note bad" }, icon("warn"), h("div", { class: "grow wrap" }, h("b", {}, t(offline ? "error.offline" : "plan.not")),
      !offline && h("p", { class: "small" }, error.message), h("p", { class: "small next-step" }, offline ? t("error.offline.next") : error.nextStep))));
  };
  return { element, waiting: () => busy(true), fix: () => { busy(false); say(said, t("plan.fix")); }, show, refused };
}
