/** Takeover: the operator's own words, typed, ready-made or spoken; the automation waits; and the emergency stop. */
import { post } from "../api.js";
import { button, field, fill, h, icon, say, select } from "../dom.js";
import { t } from "../i18n.js";
import { attempt, done, sheet } from "../notice.js";
import { may, roomPath, who } from "../session.js";
import { marked } from "../verdict.js";
import { cannedLines } from "./canned.js";
import { holdButton } from "./hold_button.js";
import { microphone } from "./microphone.js";
import { sayIt, whyPanel } from "./why.js";

/** What was typed and not said yet outlives a change of page. */
const typed = { who: "", text: "" };

/** Put the slate on or take it off. */
export const emergency = (control, on, text = "") => attempt(control, async () => {
  await post(roomPath("/emergency"), { on, ...(on && text ? { text } : {}) });
  done(t(on ? "emergency.done" : "emergency.over"));
});
/** Take the microphone, or give it back to the automation. */
export const takeOver = (control, on) => attempt(control, async () => {
  await post(roomPath("/takeover"), { on });
  done(t(on ? "takeover.done" : "takeover.over"));
});

/** The box in which words are typed, with the guard's answer below it. */
function sayBox() {
  const text = h("textarea", { rows: 2, maxLength: 1000, placeholder: t("say.placeholder"), id: "say-text", value: typed.who === who() ? typed.text : "",
    oninput: () => Object.assign(typed, { who: who(), text: text.value }) });
  const language = select([["", t("say.lang.auto")], ["zh", "中文"], ["en", "English"], ["ja", "日本語"]], "", { "aria-label": t("say.lang") });
  const refused = h("div", { "aria-live": "polite" });
  const clear = () => {
    text.value = "";
    typed.text = "";
    fill(refused);
  };
  const send = (when) => (event) => {
    const words = text.value.trim();
    if (!words) {
      text.focus();
      return;
    }
    return attempt(event.currentTarget, async () => {
      const answer = await sayIt(words, { lang: language.value, when });
      if (answer === true) {
        clear();
        done(t(`say.done.${when}`));
      } else if (answer) {
        fill(refused, h("div", { class: "refused" }, h("b", { class: "small bad-text" }, icon("slate", "s"), t("say.held")), h("p", { class: "wrap" }, marked(answer.text, answer.hits)), whyPanel(answer, { lang: language.value, when, said: clear })));
      }
    });
  };
  const boundary = button(t("say.boundary"), { kind: "primary", sign: "send", title: t("say.boundary.about"), onclick: send("boundary") });
  const now = button(t("say.now"), { title: t("say.now.about"), onclick: send("now") });
  text.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) boundary.click(); });
  return h("div", { class: "stack tight" }, field(t("say.text"), text), h("div", { class: "row say-row" }, language, h("span", { class: "grow" }), now, boundary), refused);
}

/** The card of the studio, and what the strip opens elsewhere. */
export function takeoverCard({ bare = false } = {}) {
  const mic = microphone();
  const slateText = h("input", { class: "input", maxLength: 120, placeholder: t("slate.text.placeholder"), "aria-label": t("slate.text") });
  const halt = holdButton(t("emergency.stop"), { sign: "slate", kind: "emergency", "data-act": "emergency", work: (control) => emergency(control, true, slateText.value.trim()) });
  const goOn = button(t("emergency.go_on"), { kind: "primary", sign: "play", onclick: () => emergency(goOn, false) });
  const slateNow = h("p", { class: "wrap" });
  const slated = h("div", { class: "slated", hidden: true }, icon("slate"), h("div", { class: "grow" }, h("b", {}, t("slate.on")), slateNow), goOn);
  let on = null;
  const toggle = button("", { sign: "hand", small: true, "data-act": "takeover", onclick: () => takeOver(toggle, !on) });
  const about = h("p", { class: "small muted takeover-about" });
  const element = h("section", { class: `takeover${bare ? "" : " card"}`, hidden: !may("operator"), "aria-label": t("takeover.title") },
    h("header", { class: "row between" }, bare ? about : h("h2", {}, icon("hand"), t("takeover.title")), toggle), !bare && about, slated,
    h("div", { class: "stack" }, sayBox(), cannedLines().element, h("div", { class: "stack tight" }, h("h3", { class: "muted" }, t("mic.title")), mic.element),
      h("div", { class: "emergency-row" }, halt, slateText)));
  const update = (document, connected) => {
    const slate = document.slate ?? { on: false, text: "" };
    slated.hidden = !slate.on;
    say(slateNow, slate.text || t("slate.silence"));
    halt.hidden = slate.on;
    slateText.hidden = slate.on;
    toggle.disabled = goOn.disabled = !connected;
    halt.disabled = !connected || !document.on_air;
    element.classList.toggle("slate-on", slate.on);
    if (Boolean(document.takeover) === on) return;
    on = Boolean(document.takeover);
    element.classList.toggle("taken", on);
    toggle.classList.toggle("primary", on);
    toggle.setAttribute("aria-pressed", String(on));
    say(toggle.lastChild, t(on ? "takeover.give_back" : "takeover.take"));
    say(about, t(on ? "takeover.on.about" : "takeover.off.about"));
  };
  return { element, update, close: mic.close };
}

/** The strip above every page while somebody has taken over or the slate is on. `subscribe` is the status's. */
export function takeoverStrip(subscribe) {
  const words = h("div", { class: "grow wrap" });
  const acts = h("div", { class: "row" });
  const element = h("div", { class: "hand-strip", hidden: true, role: "status" }, words, acts);
  const openSheet = () => {
    let card = null;
    let stop = () => {};
    sheet(t("takeover.title"), () => {
      card = takeoverCard({ bare: true });
      stop = subscribe(card.update);
      return { body: card.element };
    }, { closed: () => { stop(); card.close(); } });
  };
  let shown = "", offered = "";
  const update = (document, connected) => {
    const slate = Boolean(document.slate?.on), taken = Boolean(document.takeover);
    const key = JSON.stringify([connected, slate, taken, document.slate?.text, document.chat_waiting]);
    if (key === shown) return;
    shown = key;
    element.hidden = !(connected && (slate || taken));
    element.classList.toggle("slate-on", slate);
    offer(slate, taken);
    if (slate) fill(words, icon("slate"), h("span", {}, h("b", {}, t("slate.on")), " ", document.slate.text || t("slate.silence")));
    else fill(words, icon("hand"), h("span", {}, h("b", {}, t("takeover.on")), " ", document.chat_waiting ? t("takeover.waiting", { n: document.chat_waiting }) : t("takeover.on.short")));
  };
  const offer = (slate, taken) => {
    if (offered === `${slate} ${taken}` || !may("operator")) return;
    offered = `${slate} ${taken}`;
    const goOn = button(t("emergency.go_on"), { small: true, sign: "play", "data-act": "go-on", onclick: () => emergency(goOn, false) });
    const back = button(t("takeover.give_back"), { small: true, "data-act": "give-back", onclick: () => takeOver(back, false) });
    const speak = button(t("takeover.speak"), { small: true, sign: "mic", "data-act": "speak", onclick: openSheet });
    fill(acts, !slate && speak, slate ? goOn : back);
  };
  return { element, update };
}
