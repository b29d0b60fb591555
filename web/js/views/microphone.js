/** Microphone: hold, speak, let go; what was spoken is heard again, and sent on one's own responsibility. */
import { upload } from "../api.js";
import { button, fill, h, icon, say } from "../dom.js";
import { clock, t } from "../i18n.js";
import { attempt, done } from "../notice.js";
import { LONGEST_S, obstacle, Recorder, refusal } from "../recorder.js";
import { roomPath } from "../session.js";
import { marked } from "../verdict.js";
import { askGuard, ruleList } from "./why.js";

const TAP_MS = 350;
const LEAST_S = 0.4;
const ANSWERS = "na.voice.answers";

export function microphone() {
  const fillLevel = h("i");
  const meter = h("div", { class: "mic-meter", role: "meter", "aria-label": t("mic.level"), "aria-valuemin": 0, "aria-valuemax": 100 }, fillLevel);
  const time = h("span", { class: "small num faint mic-time" }, `0:00 / ${clock(LONGEST_S)}`);
  const words = h("span", {}, t("mic.hold"));
  const talk = h("button", { type: "button", class: "btn talk", id: "talk", "aria-pressed": "false", title: t("mic.about") }, icon("mic"), words);
  const note = h("div", { class: "note", hidden: true, role: "alert" });
  const heard = h("audio", { controls: true, "aria-label": t("mic.hear") });
  const caption = h("input", { class: "input", maxLength: 1000, placeholder: t("mic.caption"), "aria-label": t("mic.caption") });
  const answers = h("input", { type: "checkbox", name: "answers", checked: sessionStorage.getItem(ANSWERS) === "1", onchange: () => { sessionStorage.setItem(ANSWERS, answers.checked ? "1" : "0"); able(); } });
  const tried = h("div", {});
  const review = h("div", { class: "mic-review", hidden: true });
  let recorder = null;
  let taken = null;
  let pressedAt = 0;
  let wanted = false;
  let closed = false;

  const explain = (reason) => {
    note.hidden = !reason;
    if (reason) fill(note, icon("warn", "s"), h("div", { class: "grow wrap" }, h("b", {}, t(`mic.${reason}`)), h("p", { class: "small" }, t(`mic.${reason}.next`))));
  };
  const able = () => { send.disabled = !answers.checked; };
  const show = (recording) => {
    talk.classList.toggle("recording", recording);
    talk.setAttribute("aria-pressed", String(recording));
    say(words, t(recording ? "mic.let_go" : "mic.hold"));
    meter.classList.toggle("lit", recording);
    if (!recording) {
      fillLevel.style.setProperty("width", "0%");
      meter.setAttribute("aria-valuenow", "0");
    }
  };

  async function begin() {
    if (recorder) return;
    const reason = obstacle();
    explain(reason);
    if (reason) return;
    wanted = true;
    recorder = new Recorder({ level: (share, seconds) => {
      fillLevel.style.setProperty("width", `${(100 * share).toFixed(0)}%`);
      meter.setAttribute("aria-valuenow", (100 * share).toFixed(0));
      say(time, `${clock(seconds)} / ${clock(LONGEST_S)}`);
    }, full: () => finish(true) });
    try {
      await recorder.start();
    } catch (error) {
      recorder.release();
      recorder = null;
      explain(refusal(error));
      return;
    }
    if (closed) return recorder.release();
    pressedAt = performance.now();
    show(true);
    if (!wanted) say(words, t("mic.press_again"));
  }
  async function finish(full = false) {
    const ending = recorder;
    recorder = null;
    wanted = false;
    if (!ending?.media) return;
    show(false);
    const made = await ending.stop();
    if (made.seconds < LEAST_S || !made.blob.size) {
      explain("short");
      return;
    }
    keep(made);
    if (full) explain("full");
  }
  function keep(made) {
    drop();
    taken = made;
    heard.src = URL.createObjectURL(made.blob);
    say(time, `${clock(made.seconds)} / ${clock(LONGEST_S)}`);
    review.hidden = false;
    able();
    (answers.checked ? send : answers).focus();
  }
  function drop() {
    if (heard.src) URL.revokeObjectURL(heard.src);
    heard.removeAttribute("src");
    taken = null;
    review.hidden = true;
    fill(tried);
  }
  async function deliver(overrideText = false) {
    const form = new FormData();
    form.append("file", taken.blob, taken.name);
    form.append("override", "true");
    const text = caption.value.trim();
    if (text) form.append("text", text);
    if (overrideText) form.append("override_text", "true");
    try {
      await upload(roomPath("/voice"), form);
    } catch (error) {
      if (error.reason !== "held") throw error;
      const verdict = (await askGuard(text)) ?? { action: "hold", text, hits: [], message: error.message, nextStep: error.nextStep };
      const anyway = button(t("mic.anyway"), { kind: "danger", small: true, sign: "warn", "data-act": "voice-anyway", onclick: () => attempt(anyway, () => deliver(true)) });
      fill(tried, h("div", { class: "why" }, h("p", { class: "small bad-text" }, t("mic.caption.held")), h("p", { class: "wrap" }, marked(text, verdict.hits)), ruleList(verdict), h("div", { class: "row" }, anyway)));
      return;
    }
    done(t("mic.sent"));
    caption.value = "";
    drop();
    explain("");
  }
  const send = button(t("mic.send"), { kind: "primary", small: true, sign: "send", onclick: () => attempt(send, () => deliver()).finally(able) });
  const forget = button(t("mic.drop"), { small: true, kind: "ghost", sign: "trash", onclick: () => { drop(); talk.focus(); } });

  // A press that is held ends when it is let go; a short one goes on until the next.
  const down = () => {
    if (recorder?.media) finish();
    else begin();
  };
  const up = () => {
    if (!recorder) return;
    if (!recorder.media || recorder.media.state !== "recording") { wanted = false; return; }
    if (performance.now() - pressedAt > TAP_MS) finish();
    else say(words, t("mic.press_again"));
  };
  talk.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    talk.setPointerCapture?.(event.pointerId);
    down();
  });
  for (const name of ["pointerup", "pointercancel"]) talk.addEventListener(name, up);
  talk.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) down();
  });
  talk.addEventListener("keyup", (event) => { if (event.key === " " || event.key === "Enter") up(); });
  talk.addEventListener("contextmenu", (event) => event.preventDefault());

  fill(review, h("div", { class: "row wrapping" }, heard), caption, h("label", { class: "check small" }, answers, h("span", {}, t("mic.answer"))),
    h("div", { class: "row" }, forget, h("span", { class: "grow" }), send), tried);
  const element = h("div", { class: "mic" }, h("div", { class: "row" }, talk, h("div", { class: "grow mic-side" }, meter, time)), note, review);
  return { element, close: () => {
    closed = true;
    recorder?.release();
    if (heard.src) URL.revokeObjectURL(heard.src);
  } };
}
