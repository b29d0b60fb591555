/** Outputs card: where the stream goes, at a glance. */
import { empty, fill, h, icon } from "../dom.js";
import { clock, known, t } from "../i18n.js";

const TONE = { live: "good", connecting: "info", probing: "info", backoff: "warn", stalled: "warn", failed: "bad" };

/** The pill of one destination's state. */
export function outputPill(state, kind) {
  return h("span", { class: `pill ${TONE[state] ?? ""}` }, t(state === "live" && kind === "record" ? "output.recording" : `output.${state}`));
}

/** What is wrong and what to do, in the user's language where the reason is a known one. */
export function outputTrouble(output) {
  const key = `reason.${output.reason}`;
  return known(key) ? { what: t(key), next: t(`${key}.next`) } : { what: output.message || output.reason || "", next: output.next_step ?? "" };
}

/** One line on why a destination is not live, or how it is doing. */
export function outputLine(output) {
  if (output.reason && output.state !== "live") return outputTrouble(output).what;
  if (output.state === "backoff" || output.state === "failed") return t("output.retry", { s: Math.ceil(output.retry_s || 0) });
  if (output.state === "live") return output.bitrate_kbps ? `${Math.round(output.bitrate_kbps)} kbps` : clock(output.connected_s);
  return "";
}

export function outputsCard() {
  const list = h("ul", { class: "lines" });
  let shown = "";
  const update = (document) => {
    const now = JSON.stringify(document.outputs.map((o) => [o.id, o.name, o.state, outputLine(o)]));
    if (now === shown) return;
    shown = now;
    if (!document.outputs.length) {
      fill(list, h("li", {}, empty("outputs", t("outputs.none"), t("outputs.none.text"),
        h("a", { class: "btn small", href: "#/outputs" }, icon("plus", "s"), t("outputs.add")))));
      return;
    }
    fill(list, document.outputs.map((o) => h("li", { class: "line" }, icon(o.kind === "record" ? "record" : "outputs", "s"),
      h("div", { class: "grow" }, h("div", { class: "clip strong" }, o.name), h("div", { class: "small faint clip", title: outputLine(o) },
        outputLine(o))), outputPill(o.state, o.kind))));
  };
  const element = h("section", { class: "card" }, h("header", {}, h("h2", {}, icon("outputs"), t("page.outputs")),
    h("a", { class: "btn small ghost", href: "#/outputs" }, t("manage"))), list);
  return { element, update };
}
