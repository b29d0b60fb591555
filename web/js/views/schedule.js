/** Schedule: who is on air when. */
import { get, put } from "../api.js";
import { button, empty, field, fill, h, icon, say, select } from "../dom.js";
import { t } from "../i18n.js";
import { status } from "../live.js";
import { attempt, done, failed, sheet } from "../notice.js";
import { may, session } from "../session.js";
import { clockOf, later, monday, wall } from "../timetable.js";
import { face } from "./presenter_card.js";
import { weekGrid } from "./week.js";

const UPCOMING = 5;
const ZONES = ["Asia/Shanghai", "Asia/Hong_Kong", "Asia/Taipei", "Asia/Tokyo", "Asia/Singapore", "Asia/Kolkata", "Europe/London", "Europe/Berlin", "America/New_York", "America/Los_Angeles", "UTC"];
const query = () => `room=${encodeURIComponent(session.room.id)}`;

/** The dialog of one slot; the way to it for the keyboard, too. */
function slotSheet(slot, personas, { save, erase, everyDay }) {
  sheet(t(erase ? "schedule.slot" : "schedule.slot.add"), (close) => {
    const persona = select([...personas.values()].map((p) => [p.id, p.name]), slot.persona, { name: "persona" });
    const day = select(Array.from({ length: 7 }, (_, n) => [n, t(`day.${n}`)]), String(slot.day), { name: "day" });
    const start = h("input", { type: "time", value: slot.start, required: true, name: "start" });
    const end = h("input", { type: "time", value: slot.end === "24:00" ? "00:00" : slot.end, required: true, name: "end" });
    const priority = h("input", { type: "number", min: 0, max: 9, value: slot.priority, name: "priority" });
    const read = () => ({ persona: persona.value, day: Number(day.value), start: start.value, end: end.value, priority: Number(priority.value) || 0 });
    const keep = (work) => { if (![start, end, priority].every((c) => c.reportValidity())) return; work(read()); close(); };
    return { body: h("div", { class: "fields pair" }, field(t("schedule.persona"), persona, { wide: true }), field(t("schedule.day"), day), field(t("schedule.priority"), priority, { hint: t("schedule.priority.hint") }),
      field(t("schedule.start"), start), field(t("schedule.end"), end, { hint: t("schedule.end.hint") })),
    footer: [erase && button(t("delete"), { kind: "danger", sign: "trash", onclick: () => { erase(); close(); } }), h("span", { class: "grow" }),
      button(t("schedule.every_day"), { sign: "copy", onclick: () => keep(everyDay) }), button(t("save"), { kind: "primary", sign: "check", onclick: () => keep(save) })] };
  });
}

/** One-offs or holidays: a short list with a form below. */
function entryList(entries, personas, kind, changed) {
  const list = h("ul", { class: "lines" });
  const names = [...personas.values()].map((p) => [p.id, p.name]);
  const line = (entry, index) => {
    const text = kind === "override" ? `${entry.start.replace("T", " ").slice(0, 16)} – ${entry.end.slice(0, 10) === entry.start.slice(0, 10) ? entry.end.slice(11, 16) : entry.end.replace("T", " ").slice(0, 16)}` : entry.date;
    return h("li", { class: "line" }, h("i", { class: "swatch", style: { "--rim": personas.get(entry.persona)?.colour ?? "var(--ink-3)" } }),
      h("div", { class: "grow" }, h("div", { class: "clip strong" }, personas.get(entry.persona)?.name ?? t("schedule.default"), entry.note && h("span", { class: "faint" }, ` · ${entry.note}`)), h("div", { class: "small faint num" }, text)),
      may("operator") && button(t("delete"), { sign: "trash", small: true, only: true, kind: "ghost danger", onclick: () => { entries().splice(index, 1); paint(); changed(); } }));
  };
  const paint = () => fill(list, entries().map(line));
  const add = () => sheet(t(`schedule.add_${kind}`), (close) => {
    const persona = select(kind === "holiday" ? [["", t("schedule.default")], ...names] : names, "", { name: "persona" });
    if (kind === "override") persona.selectedIndex = 0;
    const note = h("input", { maxLength: 120, name: "note" });
    const today = new Date(Date.now() - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
    const from = h("input", kind === "override" ? { type: "datetime-local", value: `${today}T20:00`, required: true, name: "from" } : { type: "date", value: later(today, 1), required: true, name: "from" });
    const to = h("input", { type: "datetime-local", value: `${today}T23:00`, required: true, name: "to" });
    const save = () => {
      if (![from, to].every((c) => c.reportValidity())) return;
      entries().push(kind === "override" ? { start: from.value, end: to.value, persona: persona.value, note: note.value.trim() } : { date: from.value, persona: persona.value || null, note: note.value.trim() });
      paint();
      changed();
      close();
    };
    return { body: h("div", { class: "fields" }, field(t("schedule.persona"), persona, { wide: true }), field(t(kind === "override" ? "schedule.from" : "schedule.date"), from), kind === "override" && field(t("schedule.to"), to), field(t("schedule.note"), note, { wide: kind === "override" })),
      footer: [button(t("cancel"), { onclick: close }), button(t("save"), { kind: "primary", sign: "check", onclick: save })] };
  });
  paint();
  const element = h("section", { class: "card" }, h("header", {}, h("h2", {}, t(`schedule.${kind}s`)), may("operator") && button(t(`schedule.add_${kind}`), { sign: "plus", small: true, only: true, onclick: add })), list);
  return { element, paint };
}

export async function schedule(page) {
  const [people, first] = await Promise.all([get("/personas"), get(`/schedule?${query()}`)]);
  const personas = new Map(people.map((p) => [p.id, p]));
  page.append(h("div", { class: "page-head" }, h("p", {}, t("schedule.lead"))));
  if (!people.length) {
    page.append(h("div", { class: "card" }, empty("schedule", t("schedule.no_personas"), t("schedule.no_personas.text"), h("a", { class: "btn primary", href: "#/personas" }, t("personas.add")))));
    return () => {};
  }
  const canEdit = may("operator");
  const model = { personas, slots: [], zone: "UTC", overrides: [], holidays: [] };
  let saved = first;
  let dirty = false;
  let brush = first.default_persona ?? people[0].id;

  const weekName = h("b", { class: "num" });
  const warning = h("div", { class: "banner", hidden: true });
  const bar = h("div", { class: "unsaved", hidden: true, role: "status" }, icon("info"), h("span", { class: "grow" }, t("schedule.unsaved")));
  const upcoming = h("ul", { class: "lines" });
  const enabled = h("input", { type: "checkbox", name: "enabled" });
  const zone = h("input", { name: "time_zone", required: true, maxLength: 60 });
  zone.setAttribute("list", "zones");
  const standard = select([["", t("schedule.nobody")], ...people.map((p) => [p.id, p.name])], "", { name: "default_persona" });
  const prepare = h("input", { type: "number", min: 0.1, max: 60, step: 0.1, name: "prepare" });

  const touched = () => {
    dirty = true;
    bar.hidden = false;
  };
  const grid = weekGrid(model, { canEdit, changed: touched, brush: () => brush, edit: (slot, index) => canEdit && slotSheet(slot, personas, {
    save: (next) => { model.slots[index] = next; grid.mark([]); touched(); },
    everyDay: (next) => { model.slots.splice(index, 1); spread(next); },
    erase: () => { model.slots.splice(index, 1); grid.mark([]); touched(); },
  }) });
  const spread = (slot) => {
    for (let day = 0; day < 7; day += 1) {
      const taken = model.slots.some((s) => s.day === day && s.start === slot.start && s.end === slot.end && s.priority === slot.priority);
      if (!taken) model.slots.push({ ...slot, day });
    }
    grid.mark([]);
    touched();
  };
  const add = button(t("schedule.slot.add"), { sign: "plus", small: true, onclick: () => slotSheet({ persona: brush, day: wall(new Date(), model.zone).day, start: "20:00", end: "22:00", priority: 0 }, personas, {
    save: (slot) => { model.slots.push(slot); grid.mark([]); touched(); }, everyDay: spread }) });
  const chips = h("div", { class: "chips", role: "group", "aria-label": t("schedule.brush") }, people.map((p) => h("button", { type: "button", class: "chip", "data-brush": p.id, "aria-pressed": String(p.id === brush), style: { "--rim": p.colour },
    onclick: (event) => {
      brush = p.id;
      for (const chip of chips.children) chip.setAttribute("aria-pressed", String(chip === event.currentTarget));
    } }, face(p, 24), h("span", { class: "clip" }, p.name))));
  const overrides = entryList(() => model.overrides, personas, "override", touched);
  const holidays = entryList(() => model.holidays, personas, "holiday", touched);

  async function turn(date) {
    const spans = await get(`/schedule/week?${query()}&start=${date}`);
    say(weekName, t("schedule.week", { from: date }));
    grid.turn(date, spans);
  }
  const turnTo = (date) => turn(date).catch(failed);

  function take(document) {
    saved = document;
    dirty = false;
    bar.hidden = true;
    Object.assign(model, { slots: document.slots.map((s) => ({ ...s })), zone: document.time_zone, overrides: document.overrides.map((o) => ({ ...o })), holidays: document.holidays.map((d) => ({ ...d })) });
    enabled.checked = document.enabled;
    zone.value = document.time_zone;
    standard.value = document.default_persona ?? "";
    prepare.value = Number((document.prepare_s / 60).toFixed(1));
    warning.hidden = document.followed !== false;
    fill(warning, icon("info"), t(document.enabled ? "schedule.not_followed" : "schedule.off"));
    overrides.paint();
    holidays.paint();
    paintUpcoming(document);
    grid.mark([]);
  }
  const at = (instant) => {
    const there = wall(new Date(instant), model.zone);
    return `${t(`day.${there.day}`)} ${clockOf(there.minutes)}`;
  };
  function paintUpcoming(document) {
    fill(upcoming, document.upcoming.slice(0, UPCOMING).map((u) => h("li", { class: "line" }, face(personas.get(u.persona), 30), h("div", { class: "grow" }, h("div", { class: "clip strong" }, personas.get(u.persona)?.name ?? t("schedule.nobody")),
      h("div", { class: "small faint num" }, at(u.at), " · ", t(`schedule.source.${u.source}`))))));
    if (!document.upcoming.length) fill(upcoming, h("li", { class: "small faint" }, t("schedule.no_upcoming")));
  }

  const save = button(t("save"), { kind: "primary", small: true, sign: "check", onclick: () => attempt(save, async () => {
    if (![zone, prepare].every((c) => c.reportValidity())) return;
    const body = { room: session.room.id, enabled: enabled.checked, time_zone: zone.value.trim(), default_persona: standard.value || null, prepare_s: Math.max(5, Math.round(Number(prepare.value) * 60)),
      slots: model.slots, overrides: model.overrides, holidays: model.holidays };
    try {
      take(await put("/schedule", body));
    } catch (error) {
      if (error.at?.length) grid.mark(error.at);
      throw error;
    }
    await turn(grid.first);
    done(t("schedule.saved"));
  }) });
  const drop = button(t("schedule.discard"), { small: true, kind: "ghost", onclick: () => { take(saved); turnTo(grid.first); } });
  bar.append(drop, save);
  for (const control of [enabled, zone, standard, prepare]) {
    control.disabled = !canEdit;
    control.addEventListener("change", touched);
  }

  const days = h("div", { class: "row" }, button(t("schedule.prev"), { sign: "left", small: true, only: true, onclick: () => turnTo(later(grid.first, -7)) }),
    button(t("schedule.today"), { small: true, onclick: () => turnTo(monday(wall(new Date(), model.zone).date)) }), button(t("schedule.next"), { sign: "right", small: true, only: true, onclick: () => turnTo(later(grid.first, 7)) }));
  page.append(warning, h("div", { class: "schedule" },
    h("section", { class: "card week-card" }, h("header", { class: "week-tools" }, h("div", { class: "row" }, days, weekName), canEdit && add), canEdit && chips, grid.element, bar),
    h("div", { class: "stack" },
      h("section", { class: "card" }, h("header", {}, h("h2", {}, icon("schedule"), t("schedule.upcoming"))), upcoming),
      overrides.element, holidays.element,
      h("section", { class: "card" }, h("header", {}, h("h2", {}, t("schedule.settings"))), h("div", { class: "stack" }, h("label", { class: "check" }, enabled, h("span", {}, t("schedule.enabled"))),
        field(t("schedule.default"), standard), field(t("schedule.zone"), zone), field(t("schedule.prepare"), prepare), h("datalist", { id: "zones" }, ZONES.map((z) => h("option", { value: z }))))))));
  take(first);
  await turn(monday(wall(new Date(), model.zone).date));
  grid.scrollToNow();

  let before = status.document?.persona?.since ?? null;
  const stop = status.subscribe((document) => {
    const now = document.persona?.since ?? null;
    if (now === before) return;
    before = now;
    get(`/schedule?${query()}`).then(paintUpcoming).catch(() => {});
  });
  const warn = (event) => { if (dirty) event.preventDefault(); };
  window.addEventListener("beforeunload", warn);
  return () => {
    grid.close();
    stop();
    window.removeEventListener("beforeunload", warn);
  };
}
