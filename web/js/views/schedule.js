/** Schedule: who is on air when. */
import { get, put } from "../api.js";
import { button, empty, field, fill, h, icon, say, select } from "../dom.js";
import { lang, t } from "../i18n.js";
import { status } from "../live.js";
import { attempt, done, failed, sheet } from "../notice.js";
import { may, session } from "../session.js";
import { clockOf, later, monday, wall } from "../timetable.js";
import { face } from "./presenter_card.js";
import { entryList } from "./schedule_entries.js";
import { weekGrid } from "./week.js";

const UPCOMING = 5;
const ZONES = ["Asia/Shanghai", "Asia/Hong_Kong", "Asia/Taipei", "Asia/Tokyo", "Asia/Singapore", "Europe/London", "America/New_York", "UTC"];
const zones = () => [...new Set([...ZONES, ...(Intl.supportedValuesOf?.("timeZone") ?? [])])];
const query = () => `room=${encodeURIComponent(session.room.id)}`;

/** The dialog of one slot; the way to it for the keyboard, too. */
function slotSheet(slot, personas, { save, erase, everyDay }) {
  sheet(t(erase ? "schedule.slot" : "schedule.slot.add"), (close) => {
    const persona = select([...personas.values()].map((p) => [p.id, p.name]), slot.persona, { name: "persona", autofocus: true });
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

/** Changes that were left unsaved when the page was, for whoever made them. */
let draft = null;
let unsaved = false;
window.addEventListener("beforeunload", (event) => { if (unsaved || (draft && draft.me === session.me)) event.preventDefault(); });

const sayUnsaved = (on) => {
  for (const link of document.querySelectorAll('a[data-page="schedule"]')) link.toggleAttribute("data-unsaved", on);
};

/** A week as a reader writes it: Nov 23 – 29. */
function weekWords(date) {
  const format = new Intl.DateTimeFormat(lang() === "zh" ? "zh-CN" : "en-GB", { month: "short", day: "numeric", timeZone: "UTC" });
  return format.formatRange(new Date(`${date}T00:00Z`), new Date(`${later(date, 6)}T00:00Z`));
}

function knownZone(name) {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: name }));
  } catch {
    return false;
  }
}

export async function schedule(page) {
  const [people, first] = await Promise.all([get("/personas"), get(`/schedule?${query()}`)]);
  const personas = new Map(people.map((p) => [p.id, p]));
  page.append(h("div", { class: "page-head" }, h("p", {}, t(matchMedia("(pointer: coarse)").matches ? "schedule.lead.touch" : "schedule.lead"))));
  if (!people.length) {
    page.append(h("div", { class: "card" }, empty("schedule", t("schedule.no_personas"), t("schedule.no_personas.text"), h("a", { class: "btn primary", href: "#/personas" }, t("personas.add")))));
    return () => {};
  }
  const canEdit = may("operator");
  const model = { personas, slots: [], zone: "UTC", overrides: [], holidays: [], standard: null };
  let saved = first;
  let brush = first.default_persona ?? people[0].id;

  const weekName = h("b", { class: "num" });
  const warning = h("div", { class: "banner", hidden: true });
  const barWords = h("span", { class: "grow wrap", role: "status" });
  const bar = h("div", { class: "unsaved", hidden: true }, icon("info"), barWords);
  const upcoming = h("ul", { class: "lines" });
  const enabled = h("input", { type: "checkbox", name: "enabled" });
  const zone = h("input", { name: "time_zone", required: true, maxLength: 60 });
  zone.setAttribute("list", "zones");
  const standard = select([["", t("schedule.nobody")], ...people.map((p) => [p.id, p.name])], "", { name: "default_persona" });
  const prepare = h("input", { type: "number", min: 0.1, max: 60, step: 0.1, name: "prepare" });
  const rotates = h("input", { type: "checkbox", name: "rotates" });
  const turnMinutes = h("input", { type: "number", min: 1, max: 1440, step: 1, name: "turn_minutes", value: 5 });

  const touched = () => {
    unsaved = true;
    bar.hidden = false;
    bar.classList.remove("bad");
    say(barWords, t("schedule.unsaved"));
    sayUnsaved(true);
    grid.told(null);
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
    say(weekName, weekWords(date));
    grid.turn(date);
    if (!unsaved) grid.told(spans);
  }
  const turnTo = (date) => turn(date).catch(failed);

  function take(document) {
    saved = document;
    unsaved = false;
    bar.hidden = true;
    sayUnsaved(false);
    fillIn(document);
    warning.hidden = document.followed !== false && !document.rotation;
    fill(warning, icon("info"), document.followed === false ? t(document.enabled ? "schedule.not_followed" : "schedule.off") : t("schedule.rotating", { minutes: document.rotation?.minutes }));
    paintUpcoming(document);
  }
  /** Put a document into the controls. */
  function fillIn(document) {
    Object.assign(model, { slots: document.slots.map((s) => ({ ...s })), zone: document.time_zone, overrides: document.overrides.map((o) => ({ ...o })), holidays: document.holidays.map((d) => ({ ...d })), standard: document.default_persona });
    enabled.checked = document.enabled;
    zone.value = document.time_zone;
    standard.value = document.default_persona ?? "";
    prepare.value = Number((document.prepare_s / 60).toFixed(1));
    rotates.checked = Boolean(document.rotation);
    turnMinutes.value = document.rotation?.minutes ?? 5;
    model.turns = document.rotation?.personas ?? null;
    overrides.paint();
    holidays.paint();
    grid.mark([]);
  }
  /** The controls as a document. */
  function read() {
    // What the field rounds to is only taken when somebody has changed it.
    const minutes = Number(prepare.value), kept = Number((saved.prepare_s / 60).toFixed(1)) === minutes;
    return { room: session.room.id, enabled: enabled.checked, time_zone: zone.value.trim(), default_persona: standard.value || null,
      prepare_s: kept ? saved.prepare_s : Math.max(5, Math.round(minutes * 60)), slots: model.slots, overrides: model.overrides, holidays: model.holidays,
      rotation: rotates.checked ? { minutes: Number(turnMinutes.value), personas: model.turns ?? inTurn() } : null };
  }
  /** Who takes turns: those with slots, in the order of a day, or else everybody. */
  function inTurn() {
    const named = [...new Set([...model.slots].sort((a, b) => a.start.localeCompare(b.start)).map((s) => s.persona))];
    return named.length ? named : people.map((p) => p.id);
  }
  /** A refused document: shown at what it is about. */
  function contradiction(error) {
    const part = { overrides, slots: grid }[error.what];
    if (!part || !error.at.length) return false;
    part.mark(error.at);
    const words = { slots: (n) => `${t(`day.${model.slots[n].day}`)} ${model.slots[n].start} – ${model.slots[n].end}`, overrides: (n) => model.overrides[n].start.replace("T", " ").slice(0, 16) }[error.what];
    bar.classList.add("bad");
    say(barWords, t(`schedule.overlap.${error.what}`, { which: error.at.map(words).join(t("comma")) }));
    return true;
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
    zone.setCustomValidity(knownZone(zone.value.trim()) ? "" : t("schedule.zone.unknown"));
    if (![zone, prepare, turnMinutes].every((c) => c.reportValidity())) return;
    try {
      take(await put("/schedule", read()));
    } catch (error) {
      if (contradiction(error)) return;
      throw error;
    }
    done(t("schedule.saved"));
    await turn(grid.first);
  }) });
  const drop = button(t("schedule.discard"), { small: true, kind: "ghost", onclick: () => { take(saved); turnTo(grid.first); } });
  standard.addEventListener("change", () => { model.standard = standard.value || null; });
  zone.addEventListener("input", () => zone.setCustomValidity(""));
  bar.append(drop, save);
  for (const control of [enabled, zone, standard, prepare, rotates, turnMinutes]) {
    control.disabled = !canEdit;
    control.addEventListener("change", touched);
  }

  const days = h("div", { class: "row" }, button(t("schedule.prev"), { sign: "left", small: true, only: true, onclick: () => turnTo(later(grid.first, -7)) }),
    button(t("schedule.today"), { small: true, onclick: () => turnTo(monday(wall(new Date(), model.zone).date)) }), button(t("schedule.next"), { sign: "right", small: true, only: true, onclick: () => turnTo(later(grid.first, 7)) }));
  page.append(warning, h("div", { class: "schedule" },
    h("section", { class: "card week-card" }, h("header", { class: "week-tools" }, h("div", { class: "row" }, days, weekName), canEdit && add), canEdit && chips, grid.element,
      canEdit && h("p", { class: "small faint week-keys", id: "week-keys" }, t("schedule.keys")), bar),
    h("div", { class: "stack" },
      h("section", { class: "card" }, h("header", {}, h("h2", {}, icon("schedule"), t("schedule.upcoming"))), upcoming),
      overrides.element, holidays.element,
      h("section", { class: "card" }, h("header", {}, h("h2", {}, t("schedule.settings"))), h("div", { class: "stack" }, h("label", { class: "check" }, enabled, h("span", {}, t("schedule.enabled"))),
        h("label", { class: "check" }, rotates, h("span", {}, t("schedule.rotate"))), field(t("schedule.rotate.minutes"), turnMinutes),
        field(t("schedule.default"), standard), field(t("schedule.zone"), zone), field(t("schedule.prepare"), prepare), h("datalist", { id: "zones" }, zones().map((z) => h("option", { value: z }))))))));
  take(first);
  if (draft?.me === session.me && draft.room === session.room.id) {
    fillIn(draft.body);
    touched();
  }
  draft = null;
  await turn(monday(wall(new Date(), model.zone).date));
  grid.scrollToNow();

  let before = status.document?.persona?.since ?? null;
  const stop = status.subscribe((document) => {
    const now = document.persona?.since ?? null;
    if (now === before) return;
    before = now;
    get(`/schedule?${query()}`).then(paintUpcoming).catch(() => {});
  });
  return () => {
    grid.close();
    stop();
    if (!unsaved || !session.me) return;
    draft = { me: session.me, room: session.room.id, body: read() };
    unsaved = false;
    if (!location.hash.startsWith("#/schedule")) done(t("schedule.leave"), t("schedule.leave.text"));
  };
}
