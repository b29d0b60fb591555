/** Speech: the sentence on air with its progress, and what follows. */
import { post } from "../api.js";
import { button, fill, h, icon, say } from "../dom.js";
import { clock, t } from "../i18n.js";
import { attempt } from "../notice.js";
import { may, roomPath } from "../session.js";

const SHOWN_NEXT = 4;
const SOURCE_SIGN = { script: "scripts", reply: "chat", greeting: "heart", operator: "mic", transition: "skip", writer: "edit", notice: "info" };

const sourceName = (source) => t(`source.${source in SOURCE_SIGN ? source : "script"}`);

export function speechCard() {
  const text = h("p", { class: "speech-text wrap" });
  const meta = h("span", { class: "small faint" });
  const time = h("span", { class: "small faint num" });
  const fillBar = h("i");
  const bar = h("div", { class: "bar", role: "progressbar", "aria-label": t("speech.progress"), "aria-valuemin": 0,
    "aria-valuemax": 100 }, fillBar);
  const next = h("ol", { class: "next-lines" });
  const queue = h("span", { class: "pill plain num" });
  const skip = button(t("speech.skip"), { sign: "skip", small: true,
    onclick: () => attempt(skip, () => post(roomPath("/skip"))) });
  let paused = false;
  const pause = button(t("speech.pause"), { sign: "pause", small: true,
    onclick: () => attempt(pause, () => post(roomPath("/pause"), { on: !paused })) });
  let shown = "";
  const paint = (document) => {
    const now = document.now;
    const key = JSON.stringify([now?.line_id, document.next.map((n) => [n.line_id, n.text]), document.paused, document.state]);
    if (now) {
      const length = now.duration_s || 0;
      const share = length ? Math.min(100, (100 * now.elapsed_s) / length) : 0;
      fillBar.style.setProperty("width", `${share.toFixed(1)}%`);
      bar.setAttribute("aria-valuenow", share.toFixed(0));
      say(time, `${clock(now.elapsed_s)} / ${clock(length)}`);
    }
    say(queue, t("speech.queue", { s: Math.round(document.queue_s || 0) }));
    if (key === shown) return;
    shown = key;
    text.lang = now?.lang ?? "";
    say(text, now ? now.text || t("speech.voice") : t(document.paused ? "speech.paused" : document.on_air ? "speech.silent" : "speech.off"));
    text.classList.toggle("quiet", !now);
    bar.hidden = !now;
    time.hidden = !now;
    say(meta, now ? sourceName(now.source) : "");
    fill(next, document.next.slice(0, SHOWN_NEXT).map((line) => h("li", { lang: line.lang },
      icon(SOURCE_SIGN[line.source] ?? "scripts", "s"), h("span", { class: "next-text" }, line.text || t("speech.voice")))));
    if (!document.next.length) fill(next, h("li", { class: "faint" }, t("speech.no_next")));
    if (document.paused !== paused || !pause.dataset.set) {
      paused = document.paused;
      pause.dataset.set = "1";
      fill(pause, icon(paused ? "play" : "pause", "s"), h("span", {}, t(paused ? "speech.resume" : "speech.pause")));
      pause.setAttribute("aria-pressed", String(paused));
    }
    skip.disabled = !now;
  };
  const controls = may("operator") ? h("div", { class: "row" }, pause, skip) : null;
  const element = h("section", { class: "card speech", "aria-label": t("speech.now") },
    h("header", {}, h("h2", {}, icon("mic"), t("speech.now")), controls),
    h("div", { class: "speech-now" }, text, bar, h("div", { class: "row between" }, meta, time)),
    h("div", { class: "row between next-head" }, h("h3", { class: "muted" }, t("speech.next")), queue), next);
  return { element, update: paint };
}
