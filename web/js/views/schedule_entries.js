/** One-offs and holidays: a short list, each line with a dialog of its own. */
import { button, field, fill, h, select } from "../dom.js";
import { t } from "../i18n.js";
import { sheet } from "../notice.js";
import { may } from "../session.js";
import { later } from "../timetable.js";

/**
 * A card over `entries()`, the list itself; `kind` is "override" or "holiday", `personas` a Map, `changed()` is called when the
 * list was changed. `mark(positions)` shows which contradict each other.
 */
export function entryList(entries, personas, kind, changed) {
  const list = h("ul", { class: "lines" });
  const names = [...personas.values()].map((p) => [p.id, p.name]);
  const isOverride = kind === "override";
  let wrong = new Set();

  const times = (entry) => {
    if (!isOverride) return entry.date;
    const [start, end] = [entry.start, entry.end].map((w) => w.replace("T", " ").slice(0, 16));
    return `${start} – ${end.slice(0, 10) === start.slice(0, 10) ? end.slice(11) : end}`;
  };
  const touched = () => {
    wrong.clear();
    paint();
    changed();
  };

  function line(entry, index) {
    const erase = () => { entries().splice(entries().indexOf(entry), 1); touched(); };
    return h("li", { class: `line${wrong.has(index) ? " wrong" : ""}`, "data-entry": index }, h("i", { class: "swatch", style: { "--rim": personas.get(entry.persona)?.colour ?? "var(--ink-3)" } }),
      h("div", { class: "grow" }, h("div", { class: "clip strong" }, personas.get(entry.persona)?.name ?? t("schedule.default"), entry.note && h("span", { class: "faint" }, ` · ${entry.note}`)),
        h("div", { class: "small faint num" }, times(entry)), wrong.has(index) && h("div", { class: "small bad-text" }, t("schedule.wrong"))),
      may("operator") && h("div", { class: "row line-acts" }, button(t("edit"), { sign: "edit", small: true, only: true, kind: "ghost", onclick: () => dialog(entry) }),
        button(t("delete"), { sign: "trash", small: true, only: true, kind: "ghost danger", onclick: erase })));
  }

  function paint() {
    const sorted = entries().map((entry, index) => [entry, index]).sort(([a], [b]) => ((a.start ?? a.date) < (b.start ?? b.date) ? -1 : 1));
    fill(list, sorted.length ? sorted.map(([entry, index]) => line(entry, index)) : h("li", { class: "small faint" }, t(`schedule.no_${kind}s`)));
  }

  /** Make an entry, or change `entry`. */
  const dialog = (entry = null) => sheet(t(entry ? `schedule.edit_${kind}` : `schedule.add_${kind}`), (close) => {
    const persona = select(isOverride ? names : [["", t("schedule.default")], ...names], entry ? entry.persona ?? "" : isOverride ? names[0][0] : "", { name: "persona", autofocus: true });
    const note = h("input", { maxLength: 300, name: "note", value: entry?.note ?? "" });
    const today = new Date(Date.now() - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
    const from = h("input", { type: isOverride ? "datetime-local" : "date", required: true, name: "from",
      value: isOverride ? (entry?.start.slice(0, 16) ?? `${today}T20:00`) : (entry?.date ?? later(today, 1)) });
    const to = h("input", { type: "datetime-local", required: true, name: "to", value: entry?.end?.slice(0, 16) ?? `${today}T23:00` });
    const save = () => {
      to.setCustomValidity(isOverride && to.value <= from.value ? t("schedule.end_first") : "");
      if (![from, isOverride && to].every((c) => !c || c.reportValidity())) return;
      const made = isOverride ? { start: from.value, end: to.value, persona: persona.value, note: note.value.trim() } : { date: from.value, persona: persona.value || null, note: note.value.trim() };
      if (entry) entries()[entries().indexOf(entry)] = made;
      else entries().push(made);
      touched();
      close();
    };
    to.addEventListener("input", () => to.setCustomValidity(""));
    return { body: h("div", { class: "fields" }, field(t("schedule.persona"), persona, { wide: true }), field(t(isOverride ? "schedule.from" : "schedule.date"), from), isOverride && field(t("schedule.to"), to), field(t("schedule.note"), note, { wide: isOverride })),
      footer: [button(t("cancel"), { onclick: close }), button(t("save"), { kind: "primary", sign: "check", onclick: save })] };
  });

  const element = h("section", { class: `card entries-${kind}` }, h("header", {}, h("h2", {}, t(`schedule.${kind}s`)), may("operator") && button(t(`schedule.add_${kind}`), { sign: "plus", small: true, only: true, onclick: () => dialog() })), list);
  return { element, paint: () => { wrong.clear(); paint(); }, mark(positions) {
    wrong = new Set(positions);
    paint();
    list.querySelector(".wrong")?.scrollIntoView({ block: "center" });
  } };
}
