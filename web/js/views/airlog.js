/** Air log: what was spoken, by whom and by which rules; whether it is untouched; and the whole of it as a file. */
import { get } from "../api.js";
import { button, empty, field, fill, h, icon, say, segments, select } from "../dom.js";
import { clock, known, moment, number, t } from "../i18n.js";
import { attempt } from "../notice.js";
import { may, session } from "../session.js";
import { ruleName } from "../verdict.js";

const LIMITS = [100, 300, 1000];
const KINDS = ["all", "said", "guarded", "event"];
const PILL = { rewrite: "info", hold: "bad", override: "warn" };
const room = () => encodeURIComponent(session.room.id);
const sourceWord = (source) => (known(`source.${source}`) ? t(`source.${source}`) : source);

/** What happened to the room, in the reader's language; what comes after a colon is somebody's own words. */
function noteOf(note) {
  const [what, ...rest] = note.split(": ");
  const key = `airlog.note.${what.replaceAll(" ", "_")}`;
  return known(key) ? [t(key), ...rest].join(" · ") : note;
}

/** A verdict as the record keeps it: `{action, rule}`, from whichever form. */
function judged(record) {
  const guard = record.guard ?? {};
  const action = guard.action ?? guard.guard ?? "allow";
  const rule = guard.rule ?? guard.rules?.[0] ?? "";
  return { action, rule, written: guard.written ?? "", said: record.kind === "guarded" ? guard.said ?? "" : "" };
}

function row(record) {
  const { action, rule, written, said } = judged(record);
  const at = new Date(record.at);
  const time = Number.isNaN(at.getTime()) ? record.at : at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
  const where = record.recording?.file ? `${record.recording.file} · ${clock(record.recording.offset_s ?? record.recording.offset ?? 0)}` : "";
  const by = record.by && [record.by.name, record.by.role && known(`role.${record.by.role}`) && t(`role.${record.by.role}`)].filter(Boolean).join(t("comma"));
  const facts = [by && t("airlog.by", { who: by }), record.voice && t("airlog.voice"), record.persona, record.product_id, record.visual && `${t("airlog.visual")} ${record.visual.slice(0, 10)}`, record.language && `${t("airlog.language")} ${record.language.slice(0, 10)}`, record.reply_to && `${t("airlog.reply_to")} ${record.reply_to}`, where].filter(Boolean);
  return h("li", { class: `air-row kind-${record.kind}`, "data-seq": record.seq },
    h("div", { class: "air-time num" }, h("b", {}, time), h("span", { class: "small faint" }, `#${record.seq}`)),
    h("div", { class: "grow" }, h("div", { class: "row wrapping air-head" }, ["event", "cut"].includes(record.kind) ? h("span", { class: "pill plain" }, t(`airlog.kind.${record.kind}`)) : record.source && h("span", { class: "pill plain" }, sourceWord(record.source)),
      record.kind !== "event" && action !== "allow" && h("span", { class: `pill ${PILL[action] ?? ""}` }, known(`guard.action.${action}`) ? t(`guard.action.${action}`) : action), rule && h("span", { class: "small muted" }, ruleName({ rule }))),
    h("p", { class: `wrap air-text${action === "hold" ? " held" : ""}`, dir: "auto", lang: record.lang || "" }, record.text || noteOf(record.note) || (record.voice ? t("speech.voice") : "")), action === "rewrite" && written && written !== record.text && h("p", { class: "small faint wrap" }, t("airlog.written"), " ", h("s", {}, written)),
    said && said !== record.text && h("p", { class: "small wrap" }, icon("right", "s"), " ", said),
    record.text && record.note && h("p", { class: "small muted wrap" }, record.note),
    h("details", { class: "air-more" }, h("summary", { class: "small faint" }, facts.slice(0, 2).join(" · ") || t("airlog.details")), h("dl", { class: "facts small" }, [["airlog.at", record.at], ["airlog.line", record.line_id], ...facts.slice(2).map((f) => ["airlog.details", f]), ["airlog.hash", record.hash]].filter(([, v]) => v).map(([key, v]) => [h("dt", {}, t(key)), h("dd", { class: "mono wrap" }, v)])))));
}

/** What the verification found, in plain words. */
function plainly(report) {
  const n = number(report.records);
  if (report.ok) {
    return ["good", t("airlog.ok"), report.records ? t("airlog.ok.text", { n, first: moment(report.first), last: moment(report.last) }) : t("airlog.ok.empty"), report.torn ? t("airlog.torn", { n: report.torn }) : ""];
  }
  const key = [["was changed", "changed"], ["is missing, or was put in", "moved"], ["another day", "day"], ["missing at the end", "end"]].find(([words]) => report.fault.includes(words))?.[1];
  const place = /^([\w-]+\.jsonl:\d+)/.exec(report.fault)?.[1] ?? /^(\d+)/.exec(report.fault)?.[1] ?? "";
  return ["bad", t("airlog.broken"), key ? t(`airlog.broken.${key}`, { where: place }) : report.fault, t("airlog.broken.until", { n, last: report.last ? moment(report.last) : "—" })];
}

function verifyCard() {
  const answer = h("div", { "aria-live": "polite" });
  const go = button(t("airlog.verify"), { kind: "primary", sign: "words", onclick: () => attempt(go, async () => {
    fill(answer, h("div", { class: "bar busy" }, h("i")));
    try {
      const [kind, title, text, more] = plainly(await get(`/airlog/verify?room=${room()}`));
      fill(answer, h("div", { class: `verified ${kind}` }, icon(kind === "good" ? "check" : "warn"), h("div", { class: "grow wrap" }, h("b", {}, title), h("p", { class: "small" }, text), more && h("p", { class: "small faint" }, more))));
    } catch (error) {
      fill(answer);
      throw error;
    }
  }) });
  return h("section", { class: "card", "data-part": "verify" }, h("header", {}, h("h2", {}, icon("words"), t("airlog.verify.title"))), h("div", { class: "stack tight" }, h("p", { class: "small muted" }, t("airlog.verify.text")), answer, h("div", { class: "row" }, go)));
}

function exportCard() {
  const since = h("input", { type: "datetime-local", name: "since" });
  const until = h("input", { type: "datetime-local", name: "until" });
  const form = select([["csv", t("airlog.csv")], ["srt", t("airlog.srt")], ["jsonl", t("airlog.jsonl")]], "csv", { name: "format" });
  const link = h("a", { class: "btn", download: "" }, icon("download"), h("span", {}, t("airlog.download")));
  const wrong = h("p", { class: "small bad-text", hidden: true, role: "alert" }, t("airlog.until_first"));
  const aim = () => {
    const query = new URLSearchParams({ room: session.room.id, format: form.value });
    if (since.value) query.set("since", new Date(since.value).toISOString());
    if (until.value) query.set("until", new Date(until.value).toISOString());
    wrong.hidden = !(since.value && until.value && until.value <= since.value);
    link.href = `/airlog/export?${query}`;
    link.toggleAttribute("aria-disabled", !wrong.hidden);
  };
  link.addEventListener("click", (event) => { if (!wrong.hidden) event.preventDefault(); });
  for (const control of [since, until, form]) control.addEventListener("change", aim);
  aim();
  return h("section", { class: "card", "data-part": "export" }, h("header", {}, h("h2", {}, icon("download"), t("airlog.export"))),
    h("div", { class: "stack tight" }, field(t("airlog.format"), form), h("div", { class: "fields export-times" }, field(t("airlog.since"), since), field(t("airlog.until"), until)), wrong, h("p", { class: "small faint" }, t("airlog.zone")), h("div", { class: "row" }, link)));
}

export async function airlog(page) {
  const head = h("div", { class: "page-head" }, h("div", {}, h("h1", {}, t("page.airlog")), h("p", {}, t("airlog.lead"))));
  if (!may("operator")) {
    page.append(head, h("div", { class: "card" }, empty("airlog", t("airlog.viewer"), t("airlog.viewer.text"))));
    return;
  }
  let records = [];
  let kind = "all", source = "", wanted = "", limit = LIMITS[0];
  const list = h("ol", { class: "air-list" });
  const count = h("span", { class: "small faint num" });
  const sources = select([["", t("airlog.all_sources")]], "", { name: "source", "aria-label": t("airlog.source"), onchange: () => { source = sources.value; paint(); } });
  const search = h("input", { class: "input", type: "search", placeholder: t("airlog.search"), "aria-label": t("airlog.search"), name: "search", oninput: () => { wanted = search.value.trim().toLowerCase(); paint(); } });
  const shown = (r) => (kind === "all" || (kind === "guarded" ? r.kind === "guarded" || (r.kind === "said" && judged(r).action !== "allow") : kind === "event" ? ["event", "cut"].includes(r.kind) : r.kind === kind)) && (!source || r.source === source)
    && (!wanted || [r.text, r.note, r.persona, r.product_id, r.line_id, r.by?.name, judged(r).written].some((x) => String(x ?? "").toLowerCase().includes(wanted)));
  function paint() {
    const found = records.filter(shown);
    let day = "";
    fill(list, found.map((record) => {
      const at = new Date(record.at);
      const today = Number.isNaN(at.getTime()) ? "" : at.toLocaleDateString();
      const cut = today !== day && h("li", { class: "air-day small faint num" }, today);
      day = today;
      return [cut, row(record)];
    }), !found.length && h("li", {}, empty("airlog", t(records.length ? "airlog.no_match" : "airlog.none"), t(records.length ? "airlog.no_match.text" : "airlog.none.text"))));
    say(count, t("airlog.count", { n: found.length, all: records.length }));
    more.hidden = records.length < limit || limit === LIMITS.at(-1);
  }
  async function load() {
    records = (await get(`/airlog?room=${room()}&limit=${limit}`)).reverse();
    const known_ = [...new Set(records.map((r) => r.source).filter(Boolean))];
    fill(sources, [["", t("airlog.all_sources")], ...known_.map((s) => [s, sourceWord(s)])].map(([v, label]) => h("option", { value: v }, label)));
    if (source && !known_.includes(source)) source = "";
    sources.value = source;
    paint();
  }
  const again = button(t("airlog.again"), { sign: "loop", small: true, onclick: () => attempt(again, load) });
  const more = button(t("airlog.older"), { small: true, onclick: () => attempt(more, async () => { limit = LIMITS[LIMITS.indexOf(limit) + 1] ?? limit; await load(); }) });
  page.append(head, h("div", { class: "two-columns" },
    h("section", { class: "card", "data-part": "records" }, h("header", {}, h("h2", {}, icon("airlog"), t("airlog.records")), h("div", { class: "row" }, count, again)),
      h("div", { class: "row wrapping air-filters" }, h("div", { class: "scroll-x" }, segments(KINDS.map((k) => [k, t(`airlog.kind.${k}`)]), kind, (k) => { kind = k; paint(); }, t("airlog.kind"))), sources, h("div", { class: "grow air-search" }, search)), list, h("div", { class: "row center" }, more)),
    h("div", { class: "stack" }, verifyCard(), exportCard())));
  await load();
}
