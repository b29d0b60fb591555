/** Why: what the guard has against a sentence, and what can be done about it with one click. */
import { get, post, put } from "../api.js";
import { button, field, fill, h, icon, select } from "../dom.js";
import { t } from "../i18n.js";
import { status } from "../live.js";
import { attempt, done, failed, sheet } from "../notice.js";
import { may, roomPath, session } from "../session.js";
import { allowable, marked, reasonOf, ruleName, suggestion, tongueOf } from "../verdict.js";

export const room = () => encodeURIComponent(session.room.id);
const wordsPath = () => `/guard/words?room=${room()}`;

/** What the guard thinks of `text`, in the shape of a verdict record; null when it can't be asked. */
export async function askGuard(text, lang = "", productId = undefined) {
  const product = productId === undefined ? status.document?.on_air_product_id ?? status.document?.now?.product_id ?? null : productId;
  try {
    const verdict = await post("/guard/try", { room: session.room.id, text, lang: lang || tongueOf(text), product_id: product });
    return { action: verdict.action, text, said: verdict.action === "rewrite" ? verdict.text : "", hits: verdict.hits };
  } catch {
    return null;
  }
}

/** Put a word on the room's own list; the rest of it stays as it is on the server. */
export async function forbid(word) {
  const words = await get(wordsPath());
  const own = words.own.filter((w) => w.term.trim().toLowerCase() !== word.term.trim().toLowerCase());
  return put(wordsPath(), { own: [...own, word], allowed: words.allowed });
}

/** Stop again what a rule (`category:name`) stops. */
export async function takeBack(rule) {
  const words = await get(wordsPath());
  const name = rule.slice(rule.indexOf(":") + 1);
  return put(wordsPath(), { own: words.own, allowed: words.allowed.filter((a) => a !== name) });
}

/** The dialog that forbids a word from now on. */
export function forbidSheet(term, changed = () => {}) {
  sheet(t("words.add"), (close) => {
    const word = h("input", { name: "term", value: term, maxLength: 60, required: true, autofocus: true });
    const reason = h("input", { name: "reason", maxLength: 300 });
    const how = select([["hold", t("words.how.hold")], ["say", t("words.how.say")]], "hold", { name: "how", onchange: () => { instead.hidden = how.value !== "say"; } });
    const say = h("input", { name: "say", maxLength: 60 });
    const instead = field(t("words.say"), say, { hint: t("words.say.hint"), wide: true });
    instead.hidden = true;
    const save = button(t("words.forbid"), { kind: "primary", sign: "words", onclick: () => attempt(save, async () => {
      if (!word.reportValidity() || !word.value.trim()) return;
      await forbid({ term: word.value.trim(), reason: reason.value.trim(), say: how.value === "say" ? say.value.trim() : null, fine: [] });
      done(t("words.forbidden", { word: word.value.trim() }));
      close();
      changed();
    }) });
    return { body: h("div", { class: "fields" }, field(t("words.term"), word, { wide: true }), field(t("words.how"), how), field(t("words.reason"), reason), instead), footer: [button(t("cancel"), { onclick: close }), save] };
  });
}

/** Have the presenter say `text`; answers true when it goes on air, else the guard's verdict or null (told already). */
export async function sayIt(text, { lang = "", when = "boundary", override = false } = {}) {
  try {
    await post(roomPath("/say"), { text, when, ...(lang ? { lang } : {}), ...(override ? { override: true } : {}) });
    return true;
  } catch (error) {
    if (error.reason !== "held") {
      failed(error);
      return null;
    }
    return (await askGuard(text, lang)) ?? { action: "hold", text, said: "", hits: [], message: error.message, nextStep: error.nextStep };
  }
}

/** Rules of a verdict: the words, the rule, its reason and how to let it pass. `allowed(rule)` is called after that. */
export function ruleList(verdict, allowed = () => {}) {
  return h("ul", { class: "rules" }, verdict.hits.map((hit) => {
    let passes = false;
    const allow = button(t(hit.rule.startsWith("own:") ? "guard.allow_own" : "guard.allow"), { sign: "check", small: true, "data-act": `allow-${hit.rule}`, onclick: () => attempt(allow, async () => {
      if (passes) await takeBack(hit.rule);
      else await post("/guard/allow", { room: session.room.id, rule: hit.rule });
      passes = !passes;
      allow.hidden = hit.rule.startsWith("own:");
      fill(allow, icon(passes ? "back" : "check", "s"), h("span", {}, t(passes ? "guard.take_back" : "guard.allow")));
      done(t(passes ? "guard.allowed" : "guard.taken_back", { word: hit.found }), passes ? t("guard.allowed.text") : "");
      allowed(hit.rule);
    }) });
    return h("li", { class: "rule" },
      h("div", { class: "grow" }, h("div", { class: "row wrapping" }, h("mark", { class: "found" }, hit.found), h("b", { class: "small" }, ruleName(hit))),
        h("p", { class: "small muted wrap" }, reasonOf(hit)), hit.rewrite && h("p", { class: "small wrap" }, t("guard.instead"), " ", h("b", {}, hit.rewrite))),
      may("operator") && (allowable(hit) ? allow : hit.rule.startsWith("facts") && h("a", { class: "btn small", href: "#/products" }, icon("products", "s"), t("guard.to_products"))));
  }), verdict.hits.length === 0 && verdict.message && h("li", { class: "rule small muted wrap" }, verdict.message, " ", verdict.nextStep));
}

/**
 * The panel that opens under a sentence which was held or changed. `lang` of the sentence; `said()` is called when it goes on air
 * after all.
 */
export function whyPanel(verdict, { lang = "", said = () => {}, when = "boundary" } = {}) {
  const better = suggestion(verdict);
  const tried = h("div", {});
  const text = h("textarea", { rows: 2, maxLength: 1000, class: "input", value: better || verdict.text, lang, "aria-label": t("guard.edit") });
  const editor = h("div", { class: "why-edit", hidden: true }, text, h("div", { class: "row wrapping" }, h("span", { class: "grow" })));
  const send = (control, words, override) => attempt(control, async () => {
    const answer = await sayIt(words, { lang, when, override });
    if (answer === true) {
      done(t(`say.done.${when}`));
      fill(tried);
      editor.hidden = true;
      said();
    } else if (answer) fill(tried, h("div", { class: "why-again" }, h("p", { class: "wrap" }, marked(answer.text, answer.hits)), ruleList(answer)));
  });
  const sayEdited = button(t("guard.say_edited"), { sign: "send", kind: "primary", small: true, "data-act": "say-edited", onclick: () => text.value.trim() && send(sayEdited, text.value.trim(), false) });
  editor.lastChild.append(sayEdited);
  const anyway = button(t("guard.anyway"), { sign: "warn", small: true, kind: "danger", "data-act": "anyway", title: t("guard.anyway.about"), onclick: () => send(anyway, verdict.text, true) });
  const edit = button(t("guard.edit"), { sign: "edit", small: true, "data-act": "edit", onclick: () => { editor.hidden = !editor.hidden; if (!editor.hidden) text.focus(); } });
  const sayBetter = better && button(t("guard.say_better"), { sign: "send", small: true, kind: "primary", "data-act": "better", onclick: () => send(sayBetter, better, false) });
  const acts = may("operator") && h("div", { class: "row wrapping why-acts" }, sayBetter, edit, anyway, h("span", { class: "grow" }),
    button(t("guard.forbid"), { sign: "words", small: true, kind: "ghost", "data-act": "forbid", onclick: () => forbidSheet(String(window.getSelection() ?? "").trim().slice(0, 60)) }));
  return h("div", { class: "why" }, ruleList(verdict), better && h("p", { class: "why-better wrap" }, icon("tidy", "s"), h("span", {}, h("span", { class: "small faint" }, t("guard.better")), " ", h("b", { lang }, better))), acts, may("operator") && editor, tried);
}
