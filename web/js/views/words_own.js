/** The room's own words: a table to look through, add to, import and export; and what is let pass. */
import { get, post, put } from "../api.js";
import { button, empty, field, fill, h, icon, say, select } from "../dom.js";
import { t } from "../i18n.js";
import { attempt, confirm, done, sheet } from "../notice.js";
import { may } from "../session.js";
import { room } from "./why.js";

const SHOWN = 200;
const path = () => `/guard/words?room=${room()}`;
const same = (a, b) => a.trim().toLowerCase() === b.trim().toLowerCase();

/** Two cards over one document; `load()` asks for it, `changed()` is called when it was changed here. */
export function ownWords(changed = () => {}) {
  let words = { own: [], allowed: [] };
  let wanted = "";
  const rows = h("tbody", {});
  const count = h("span", { class: "pill plain num" });
  const more = h("p", { class: "small faint", hidden: true });
  const table = h("div", { class: "table-scroll" }, h("table", { class: "table own-words" },
    h("thead", {}, h("tr", {}, ["words.term", "words.instead", "words.reason", ""].map((key) => h("th", { scope: "col" }, key ? t(key) : h("span", { class: "visually-hidden" }, t("edit")))))), rows));
  const nothing = empty("words", t("words.none"), t("words.none.text"));
  const passes = h("div", { class: "chips" });
  const search = h("input", { class: "input", type: "search", placeholder: t("words.search_own"), "aria-label": t("words.search_own"), oninput: () => { wanted = search.value.trim().toLowerCase(); paint(); } });

  /** Change the document as it is on the server now, so that two people at work lose nothing of each other. */
  async function alter(work) {
    const now = await get(path());
    words = await put(path(), work(now));
    paint();
    changed();
  }
  const load = async () => {
    words = await get(path());
    paint();
  };

  const form = (entry) => sheet(t(entry ? "words.edit" : "words.add"), (close) => {
    const term = h("input", { name: "term", value: entry?.term ?? "", maxLength: 60, required: true, autofocus: true });
    const reason = h("input", { name: "reason", value: entry?.reason ?? "", maxLength: 300 });
    const how = select([["hold", t("words.how.hold")], ["say", t("words.how.say")]], entry && entry.say !== null ? "say" : "hold", { name: "how", onchange: () => { instead.hidden = how.value !== "say"; } });
    const words_ = h("input", { name: "say", value: entry?.say ?? "", maxLength: 60 });
    const instead = field(t("words.say"), words_, { hint: t("words.say.hint"), wide: true });
    instead.hidden = how.value !== "say";
    const fine = h("textarea", { name: "fine", rows: 3, value: (entry?.fine ?? []).join("\n") });
    const save = button(t("save"), { kind: "primary", sign: "check", onclick: () => attempt(save, async () => {
      if (!term.reportValidity() || !term.value.trim()) return;
      const made = { term: term.value.trim(), reason: reason.value.trim(), say: how.value === "say" ? words_.value.trim() : null, fine: fine.value.split("\n").map((f) => f.trim()).filter(Boolean) };
      await alter((now) => {
        const own = now.own.filter((w) => !same(w.term, made.term));
        const at = entry ? own.findIndex((w) => same(w.term, entry.term)) : -1;
        if (at >= 0) own[at] = made;
        else own.push(made);
        return { own, allowed: now.allowed };
      });
      done(t("words.saved", { word: made.term }));
      close();
    }) });
    return { body: h("div", { class: "fields" }, field(t("words.term"), term), field(t("words.how"), how), instead, field(t("words.reason"), reason, { wide: true, hint: t("words.reason.hint") }), field(t("words.fine"), fine, { wide: true, hint: t("words.fine.hint") })),
      footer: [button(t("cancel"), { onclick: close }), save] };
  });

  function row(entry) {
    const erase = button(t("delete"), { sign: "trash", small: true, only: true, kind: "ghost danger", onclick: async () => {
      if (!(await confirm(t("words.delete"), t("words.delete.text", { word: entry.term }), t("delete")))) return;
      await attempt(erase, () => alter((now) => ({ own: now.own.filter((w) => !same(w.term, entry.term)), allowed: now.allowed })));
    } });
    return h("tr", { "data-term": entry.term }, h("td", { class: "strong wrap" }, entry.term), h("td", { class: "wrap" }, entry.say === null || entry.say === undefined ? h("span", { class: "pill bad" }, t("words.held")) : entry.say === "" ? h("span", { class: "muted" }, t("words.left_out")) : h("span", {}, entry.say)),
      h("td", { class: "small muted wrap" }, entry.reason, entry.fine?.length > 0 && h("div", { class: "faint" }, t("words.but", { list: entry.fine.join(t("comma")) }))),
      h("td", {}, may("operator") && h("div", { class: "row line-acts" }, button(t("edit"), { sign: "edit", small: true, only: true, kind: "ghost", onclick: () => form(entry) }), erase)));
  }

  function paint() {
    const found = words.own.filter((w) => !wanted || [w.term, w.reason, w.say ?? ""].some((x) => x.toLowerCase().includes(wanted)));
    fill(rows, found.slice(0, SHOWN).map(row));
    say(count, words.own.length);
    nothing.hidden = words.own.length > 0;
    table.hidden = !words.own.length;
    search.hidden = words.own.length < 6;
    more.hidden = found.length > 0 && found.length <= SHOWN;
    if (!words.own.length) more.hidden = true;
    say(more, found.length ? t("words.more", { n: found.length - SHOWN }) : t("words.not_found"));
    fill(passes, words.allowed.map((name) => {
      const back = h("button", { type: "button", class: "pass", "data-allowed": name, disabled: !may("operator"), title: t("guard.take_back"), "aria-label": t("words.take_back_of", { word: name }), onclick: () => attempt(back, async () => {
        await alter((now) => ({ own: now.own, allowed: now.allowed.filter((a) => a !== name) }));
        done(t("guard.taken_back", { word: name }));
      }) }, h("span", { class: "clip" }, name), may("operator") && icon("back", "s"));
      return back;
    }), words.allowed.length === 0 && h("p", { class: "small faint" }, t("words.no_allowed")));
  }

  const file = h("input", { type: "file", accept: ".csv,.txt,text/csv,text/plain", hidden: true, id: "words-file", "aria-label": t("words.import"), onchange: () => attempt(load_, async () => {
    const form_ = new FormData();
    form_.append("file", file.files[0]);
    const before = words.own.length;
    try {
      words = await post(`/guard/words/import?room=${room()}`, form_);
    } finally {
      file.value = "";
    }
    paint();
    changed();
    done(t("words.imported", { n: words.own.length - before }), t("words.imported.text", { n: words.own.length }));
  }) });
  const load_ = button(t("words.import"), { sign: "upload", small: true, title: t("words.import.about"), onclick: () => file.click() });
  const own = h("section", { class: "card", "data-part": "own" }, h("header", { class: "wrapping" }, h("h2", {}, icon("words"), t("words.own"), count),
    h("div", { class: "row wrapping" }, h("a", { class: "btn small", href: `/guard/words/export?room=${room()}`, download: "" }, icon("download", "s"), h("span", {}, t("words.export"))), may("operator") && [load_, file],
      may("operator") && button(t("words.add"), { sign: "plus", small: true, kind: "primary", onclick: () => form(null) }))), h("div", { class: "stack tight" }, search, table, more, nothing));
  const allowed = h("section", { class: "card", "data-part": "allowed" }, h("header", {}, h("h2", {}, icon("check"), t("words.allowed"))), h("div", { class: "stack tight" }, h("p", { class: "small muted" }, t("words.allowed.text")), passes));
  paint();
  return { own, allowed, load };
}
