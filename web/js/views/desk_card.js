/** One answer or line on the desk: asked, found, written, judged, said. */
import { button, changing, fill, h, icon } from "../dom.js";
import { known, local, t } from "../i18n.js";
import { marked } from "../verdict.js";
import { forbidSheet, whyPanel } from "./why.js";
import { may } from "../session.js";

const ACTION_PILL = { allow: "good", rewrite: "info", hold: "bad", override: "warn" };
const ACTION_SIGN = { allow: "check", rewrite: "tidy", hold: "slate", override: "hand" };
const SHOWN_FACTS = 5;
const NEAR = 0.05;
const word = (prefix, key) => (known(`${prefix}.${key}`) ? t(`${prefix}.${key}`) : key);
const time = (ts) => {
  const at = new Date(ts);
  return Number.isNaN(at.getTime()) ? "" : at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
};

const step = (name, sign, ...children) => h("div", { class: `desk-step desk-${name}` }, h("span", { class: "desk-sign", title: t(`desk.step.${name}`) }, icon(sign, "s")), h("div", { class: "grow" }, h("span", { class: "visually-hidden" }, `${t(`desk.step.${name}`)}: `), children));

function questionStep(q) {
  return step("question", "question", h("div", { class: "row wrapping desk-who" }, h("b", { class: "clip" }, q.user || t("chat.nobody")), q.intent && h("span", { class: "pill plain" }, word("desk.intent", q.intent)), h("span", { class: "faint num small" }, time(q.ts))),
    h("p", { class: "desk-asked wrap", dir: "auto", lang: q.lang }, q.text));
}

function retrievedStep(r, products) {
  const scores = r.scores ?? [];
  const facts = (r.facts ?? []).map((f, n) => [f, scores[n]]);
  const faq = (r.faq ?? []).filter(Boolean);
  const near = facts.filter(([, score], n) => n < SHOWN_FACTS && (typeof score !== "number" || score >= NEAR));
  const far = facts.slice(near.length);
  const product = products.get(r.product_id);
  const one = (sign, text, score) => h("li", {}, icon(sign, "s"), h("span", { class: "wrap" }, text), typeof score === "number" && h("span", { class: "faint num small", title: t("desk.score") }, score.toFixed(2)));
  return step("retrieved", "search", product && h("div", { class: "small muted clip" }, t("desk.found_in", { name: local(product.name) })),
    faq.length || near.length ? h("ul", { class: "desk-facts" }, faq.map((q) => one("chat", typeof q === "string" ? q : local(q.question ?? q))), near.map(([f, s]) => one("tag", f, s))) : !product && !far.length && h("p", { class: "small faint" }, t("desk.nothing_found")),
    far.length > 0 && h("details", {}, h("summary", { class: "small faint" }, t("desk.further", { n: far.length })), h("ul", { class: "desk-facts" }, far.map(([f, s]) => one("tag", f, s)))));
}

function draftStep(draft, folded) {
  const words = h("p", { class: `desk-written wrap${draft.done ? "" : " growing"}`, dir: "auto" }, draft.text || "…");
  const head = h("span", { class: "small faint" }, [word("desk.kind", draft.kind), word("desk.engine", draft.engine), draft.done ? null : t("desk.writing")].filter(Boolean).join(" · "));
  return step("draft", "edit", folded ? h("details", {}, h("summary", { class: "small faint" }, t("desk.draft_of", { engine: word("desk.engine", draft.engine) })), words) : [head, words]);
}

/** A card that follows its group; `products` by id. `busy()` is called when somebody begins to deal with it. */
export function deskCard(group, products, busy = () => {}) {
  const lines = new Map();
  const head = changing(h("div", { class: "desk-steps" }), ([q, r, drafts, folded]) => [q && questionStep(q), r && retrievedStep(r, products), drafts.map((d) => draftStep(d, folded))]);
  const said = h("div", { class: "desk-steps" });
  const notes = changing(h("div", { class: "desk-steps" }), ([list]) => list.map((n) => (n.type === "engine"
    ? step("engine", n.state === "ok" ? "check" : "warn", h("p", { class: `small wrap${n.state === "ok" ? " muted" : " bad-text"}` }, h("b", {}, word("desk.engine", n.engine)), " · ", word("writer.state", n.state), n.message && ` · ${n.message}`))
    : step("skipped", "skip", h("p", { class: "small faint wrap" }, h("s", {}, n.text), " · ", word("desk.skipped", n.detail && known(`desk.skipped.${n.detail}`) ? n.detail : n.reason))))));
  const element = h("article", { class: "card desk-card", "data-key": group.key, "data-kind": group.question ? "question" : group.notes.length ? "note" : "line" }, head.element, said, notes.element);

  function line(id) {
    const why = h("div", { hidden: true });
    let whyFor = "";
    const part = changing(h("div", { class: "desk-line", "data-line": id }), ([verdict, spoken]) => {
      const action = verdict?.action ?? "allow";
      const text = verdict?.text ?? spoken?.text ?? "";
      const open = verdict?.hits?.length > 0 && button(t(`desk.why.${action}`), { small: true, kind: "ghost why-btn", sign: why.hidden ? "down" : "up", "data-act": "why", "aria-expanded": String(!why.hidden), onclick: () => {
        why.hidden = !why.hidden;
        if (!why.hidden) busy();
        if (!why.hidden && whyFor !== JSON.stringify(verdict)) {
          whyFor = JSON.stringify(verdict);
          fill(why, whyPanel(verdict, { lang: verdict.lang ?? spoken?.lang ?? "" }));
        }
        open.setAttribute("aria-expanded", String(!why.hidden));
        open.firstChild.replaceWith(icon(why.hidden ? "down" : "up", "s"));
      } });
      const forbid = may("operator") && !open && h("button", { type: "button", class: "desk-forbid", "data-act": "forbid", title: t("guard.forbid"), "aria-label": t("guard.forbid"), onclick: () => forbidSheet(String(window.getSelection() ?? "").trim().slice(0, 60)) }, icon("words", "s"));
      return step("guard", ACTION_SIGN[action] ?? "check",
        h("div", { class: "row wrapping" }, (action !== "allow" || !spoken) && h("span", { class: `pill ${ACTION_PILL[action] ?? ""}` }, t(`guard.action.${action}`)), spoken && h("span", { class: "pill plain said-pill" }, icon("volume", "s"), t("desk.said")),
          (verdict?.source || spoken?.source) && h("span", { class: "small faint" }, word("source", verdict?.source || spoken.source)), h("span", { class: "faint num small" }, time(spoken?.ts ?? verdict?.ts)), open, forbid),
        h("p", { class: `desk-text wrap${action === "hold" ? " held" : ""}${spoken ? " spoken" : ""}`, dir: "auto", lang: verdict?.lang ?? spoken?.lang ?? "" }, verdict ? marked(text, verdict.hits ?? []) : text || t("speech.voice")),
        action === "rewrite" && h("p", { class: "desk-text spoken wrap", dir: "auto" }, icon("right", "s"), verdict.said || spoken?.text));
    });
    const box = h("div", { class: "desk-lineup" }, part.element, why);
    said.append(box);
    return part;
  }

  function update() {
    const drafts = [...group.drafts.values()];
    const folded = group.lines.size > 0 && drafts.every((d) => d.done);
    head.show([group.question, group.retrieved, drafts, folded]);
    for (const [id, { verdict, said: spoken }] of group.lines) {
      if (!lines.has(id)) lines.set(id, line(id));
      lines.get(id).show([verdict, spoken]);
      lines.get(id).element.dataset.action = verdict?.action ?? "allow";
    }
    notes.show([group.notes]);
    const plain = [...group.lines.values()].every((l) => (l.verdict?.action ?? "allow") === "allow");
    element.classList.toggle("slim", plain && group.lines.size === 1 && !group.question && !group.retrieved && !drafts.length && !group.notes.length);
    element.dataset.kind = group.question ? "question" : group.lines.size || drafts.length ? "line" : "note";
  }
  update();
  return { element, update };
}
