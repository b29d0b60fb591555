/** Signal strip: the figures that say whether the stream is healthy. */
import { h, say } from "../dom.js";
import { clock, t } from "../i18n.js";
import { session } from "../session.js";

const missing = (value) => value === null || value === undefined;
/** Whether a count has passed one tick in a thousand, which viewers begin to notice. */
const often = (count, p) => count > 0.025 * (p.uptime_s || 0);
const CELLS = [
  ["fps", (p) => (missing(p.fps) ? "—" : p.fps.toFixed(1)), "", (p, fps) => !missing(p.fps) && p.fps < fps * 0.96],
  ["bitrate", (p) => (missing(p.bitrate_kbps) ? "—" : Math.round(p.bitrate_kbps).toLocaleString("en")), "kbps", () => false],
  ["missed", (p) => p.ticks_missed ?? "—", "", (p) => often(p.ticks_missed, p)],
  ["repeated", (p) => p.ticks_repeated ?? "—", "", (p) => often(p.ticks_repeated, p)],
  ["offset", (p) => (missing(p.av_offset_ms) ? "—" : `${p.av_offset_ms > 0 ? "+" : ""}${p.av_offset_ms.toFixed(0)}`), "ms",
    (p) => Math.abs(p.av_offset_ms ?? 0) > 40],
  ["uptime", (p) => (p.uptime_s ? clock(p.uptime_s) : "—"), "", () => false],
];

export function signalStrip() {
  const cells = CELLS.map(([name, value, unit, bad]) => {
    const figure = h("b", { class: "num" }, "—");
    const cell = h("div", { class: "signal-cell", title: t(`signal.${name}.about`) },
      h("span", {}, t(`signal.${name}`)), h("div", {}, figure, unit && h("small", {}, unit)));
    return { cell, figure, value, bad };
  });
  const element = h("section", { class: "signal card", "aria-label": t("signal.label") }, cells.map((c) => c.cell));
  const update = (document, connected) => {
    for (const { cell, figure, value, bad } of cells) {
      say(figure, connected ? value(document.playout) : "—");
      cell.classList.toggle("off", connected && Boolean(bad(document.playout, session.room.fps || 25)));
    }
  };
  return { element, update };
}
