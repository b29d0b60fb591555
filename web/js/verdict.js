/** Verdicts of the guard as text: where the found words stand, what their rules are called, what may be done about them. */
import { h } from "./dom.js";
import { known, local, t } from "./i18n.js";

/** Rules without a word that could be taken off a list. */
const FIXED = ["facts", "private", "form"];

const categoryOf = (hit) => hit.category ?? String(hit.rule).split(":")[0];

/** A rule in the reader's language: the list it is on, and its name. */
export function ruleName(hit) {
  const [category, ...rest] = String(hit.rule).split(":");
  const key = `guard.category.${category}`;
  const name = rest.join(":");
  const named = `guard.rule.${category}.${name}`;
  return [known(key) ? t(key) : category, known(named) ? t(named) : name].filter(Boolean).join(" · ");
}

/** Whether one click can let pass what the hit stops. */
export const allowable = (hit) => !FIXED.includes(categoryOf(hit)) && String(hit.rule).includes(":");

export const reasonOf = (hit) => local(hit.reason);

/** Where the hits lie in `text`, merged, as [start, end] in code points; by their place, or else by the words found. */
export function placesOf(text, hits) {
  const letters = [...text];
  const spans = [];
  for (const hit of hits) {
    if (Number.isInteger(hit.start) && hit.end > hit.start && hit.end <= letters.length) spans.push([hit.start, hit.end]);
    else if (hit.found) {
      const at = text.indexOf(hit.found);
      if (at >= 0) spans.push([[...text.slice(0, at)].length, [...text.slice(0, at + hit.found.length)].length]);
    }
  }
  spans.sort((a, b) => a[0] - b[0]);
  const merged = [];
  for (const [start, end] of spans) {
    const last = merged.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else merged.push([start, end]);
  }
  return merged;
}

/** The sentence with what was found set off. */
export function marked(text, hits) {
  const letters = [...text];
  const parts = [];
  let at = 0;
  for (const [start, end] of placesOf(text, hits)) {
    parts.push(letters.slice(at, start).join(""), h("mark", { class: "found" }, letters.slice(start, end).join("")));
    at = end;
  }
  return [...parts, letters.slice(at).join("")];
}

/** What the sentence could be instead: the verdict's own text, or each hit's rewriting put in its place; "" when nothing could. */
export function suggestion(verdict) {
  if (verdict.said && verdict.said !== verdict.text) return verdict.said;
  const hits = verdict.hits.filter((hit) => Number.isInteger(hit.start)).sort((a, b) => a.start - b.start);
  if (!hits.length || hits.some((hit) => hit.rewrite === null || hit.rewrite === undefined)) return "";
  const letters = [...verdict.text];
  const parts = [];
  let at = 0;
  for (const hit of hits) {
    if (hit.start < at) continue;
    parts.push(letters.slice(at, hit.start).join(""), hit.rewrite);
    at = hit.end;
  }
  const made = [...parts, letters.slice(at).join("")].join("").trim();
  return made === verdict.text ? "" : made;
}

/** The language a text looks to be in: kana, then Chinese characters, else English. */
export const tongueOf = (text) => (/[\u3040-\u30ff]/.test(text) ? "ja" : /[\u3400-\u9fff]/.test(text) ? "zh" : "en");
