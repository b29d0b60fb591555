/** Week: seven days with their slots, drawn, moved and resized by hand; a line shows now. */
import { fill, h, say } from "../dom.js";
import { t } from "../i18n.js";
import { DAY, SNAP, clockOf, gaps, later, lengthOf, minutesOf, monday, partOf, pieces, placed, snap, wall } from "../timetable.js";
import { dragging } from "./week_drag.js";

const NOW_MS = 20_000;
const EDGE_PX = 9;

/**
 * A grid over `model` ({slots, overrides, holidays, standard, zone, personas: Map}). `edit(slot, index)` opens a slot, `changed()`
 * tells of every change, `brush()` is the persona that new slots get.
 */
export function weekGrid(model, { edit, changed, brush, canEdit }) {
  const head = h("div", { class: "week-head" });
  const hours = h("div", { class: "week-hours", "aria-hidden": "true" }, Array.from({ length: 24 }, (_, n) => h("span", { class: "num" }, n ? `${n}:00` : "")));
  const columns = Array.from({ length: 7 }, (_, day) => h("div", { class: "week-day", "data-day": day, role: "group", "aria-label": t(`day.${day}`) }));
  const line = h("div", { class: "week-now", role: "img", "aria-label": t("schedule.now") }, h("i"), h("span", { class: "num" }));
  const body = h("div", { class: "week-body" }, hours, columns);
  const scroll = h("div", { class: "week-scroll" }, body);
  const element = h("div", { class: "week", role: "group", "aria-label": t("schedule.grid"), "aria-describedby": "week-keys" }, head, scroll);
  const drag = dragging(scroll, body);
  let first = monday(wall(new Date(), model.zone).date);
  let shownDay = wall(new Date(), model.zone).day;
  let spans = null;
  let wrong = new Set();
  let held = [];

  const name = (id) => model.personas.get(id)?.name ?? id ?? t("schedule.nobody");
  const colour = (id) => model.personas.get(id)?.colour ?? "var(--ink-3)";
  const place = ({ from, to }) => ({ top: `${(from / DAY) * 100}%`, height: `${((to - from) / DAY) * 100}%` });
  const minuteAt = (column, y) => {
    const box = column.getBoundingClientRect();
    return Math.max(0, Math.min(DAY, ((y - box.top) / box.height) * DAY));
  };
  const columnAt = (x, fallback) => columns.find((c) => {
    const box = c.getBoundingClientRect();
    return box.width > 0 && x >= box.left && x < box.right;
  }) ?? fallback;

  /** One part of a slot; `depth` is how many others it covers, so that their rims stay in reach. */
  function pieceOf(slot, index, part, depth = 0) {
    const label = t("schedule.slot.label", { name: name(slot.persona), day: t(`day.${slot.day}`), start: slot.start, end: slot.end });
    const bad = wrong.has(index);
    const looks = ["slot", bad && "wrong", part.first && "first", part.last && "last", part.to - part.from < 50 && "short"].filter(Boolean).join(" ");
    return h("button", { type: "button", class: looks, "data-slot": index, "aria-label": bad ? `${label}${t("comma")}${t("schedule.wrong")}` : label, title: label,
      style: { ...place(part), "--rim": colour(slot.persona), "--depth": depth, "z-index": 2 + slot.priority } },
    h("b", { class: "clip" }, part.first ? name(slot.persona) : `… ${name(slot.persona)}`),
    part.first && h("span", { class: "num" }, `${slot.start} – ${slot.end}`), bad && h("em", {}, t("schedule.wrong")),
    slot.priority > 0 && h("i", { class: "num", title: t("schedule.priority") }, `P${slot.priority}`));
  }

  function put(index, slot) {
    model.slots[index] = slot;
    wrong.clear();
    changed();
    paint();
    element.querySelector(`[data-slot="${index}"]`)?.focus({ preventScroll: true });
  }

  /** Move by the body, change the length by an edge; a press that goes nowhere opens the slot. */
  function grab(event, element_) {
    if (event.button) return;
    const index = Number(element_.dataset.slot), slot = model.slots[index];
    const column = element_.parentElement, day = Number(column.dataset.day);
    const part = pieces(slot).find((p) => p.day === day && p.first === element_.classList.contains("first"));
    if (event.pointerType !== "touch") event.preventDefault();
    element_.focus({ preventScroll: true });
    const box = element_.getBoundingClientRect();
    const edge = part.first && event.clientY - box.top < EDGE_PX ? "start" : part.last && box.bottom - event.clientY < EDGE_PX ? "end" : "body";
    const start = minutesOf(slot.start), length = lengthOf(slot);
    const grip = minuteAt(column, event.clientY) - (part.first ? start : start - DAY);
    let moved = null;
    drag(event, {
      held: () => element_.classList.add("lifted"),
      move: (x, y) => {
        if (edge === "body") {
          const over = columnAt(x, column);
          moved = placed(slot, Number(over.dataset.day), snap(minuteAt(over, y) - grip), length);
        } else {
          const at = snap(minuteAt(column, y)) + (part.first ? 0 : DAY);
          const from = edge === "start" ? Math.min(at, start + length - SNAP) : start;
          const to = edge === "end" ? Math.max(at, start + SNAP) : start + length;
          moved = placed(slot, slot.day, from, Math.max(SNAP, Math.min(DAY, to - from)));
        }
        show(moved, index);
      },
      end: (outcome) => {
        hide();
        if (outcome === "pressed") edit(slot, index);
        else if (outcome === "dragged" && moved) put(index, moved);
      },
    });
  }

  function keys(event) {
    const index = Number(event.target.closest(".slot")?.dataset.slot ?? NaN);
    const slot = model.slots[index];
    if (!slot) return;
    const step = { ArrowUp: [-SNAP, 0], ArrowDown: [SNAP, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (event.key === "Delete" || event.key === "Backspace") {
      model.slots.splice(index, 1);
      wrong.clear();
      changed();
      paint();
      element.querySelector(`[data-slot="${Math.min(index, model.slots.length - 1)}"]`)?.focus();
    } else if (step) {
      const length = lengthOf(slot) + (event.shiftKey ? step[0] : 0);
      const start = minutesOf(slot.start) + (event.shiftKey ? 0 : step[0]);
      put(index, placed(slot, slot.day + (event.shiftKey ? 0 : step[1]), start, Math.max(SNAP, Math.min(DAY, length))));
      if (model.slots[index].day !== slot.day) showDay(model.slots[index].day, index);
    } else return;
    event.preventDefault();
  }

  /** Draw a new slot on empty ground. */
  function draw(event, column) {
    if (event.button || !brush()) return;
    if (event.pointerType !== "touch") event.preventDefault();
    const day = Number(column.dataset.day);
    const from = snap(minuteAt(column, event.clientY) - SNAP / 2);
    let made = null;
    drag(event, {
      held: () => { if (event.pointerType === "touch") show(placed({ persona: brush(), priority: 0 }, day, Math.min(from, DAY - SNAP), SNAP), -1); },
      move: (_, y) => {
        const at = snap(minuteAt(column, y));
        const [low, high] = at < from ? [at, from] : [from, Math.max(at, from + SNAP)];
        made = placed({ persona: brush(), priority: 0 }, day, low, Math.min(DAY, Math.max(SNAP, high - low)));
        show(made, -1);
      },
      end: (outcome) => {
        hide();
        if (outcome !== "dragged" || !made) return;
        model.slots.push(made);
        put(model.slots.length - 1, made);
      },
    });
  }

  /** A slot while it is dragged; what it was stays in its place, faded. */
  function show(slot, index) {
    for (const old of held) old.remove();
    for (const old of element.querySelectorAll(`[data-slot="${index}"]`)) old.classList.add("lifted");
    held = pieces(slot).map((part) => {
      const ghost = pieceOf(slot, -1, part);
      ghost.classList.add("held");
      ghost.setAttribute("aria-hidden", "true");
      ghost.tabIndex = -1;
      columns[part.day].append(ghost);
      return ghost;
    });
  }

  function hide() {
    for (const old of held) old.remove();
    held = [];
    for (const old of element.querySelectorAll(".lifted")) old.classList.remove("lifted");
  }

  /** One-offs and holidays of a day: as the server resolves them, or from the model while that is not saved. */
  function specials(date) {
    const all = spans ? spans.filter((s) => s.source === "override" || s.source === "holiday").map((s) => [s.source, s.persona, partOf(date, s.local_start, s.local_end)])
      : [...model.overrides.map((o) => ["override", o.persona, partOf(date, o.start, o.end)]),
        ...model.holidays.filter((d) => d.date === date).map((d) => ["holiday", d.persona ?? model.standard, { from: 0, to: DAY }])];
    return all.filter(([, , part]) => part).map(([source, persona, part]) => ({ source, persona, ...part }));
  }

  const mark = (source, persona, part) => h("div", { class: `special ${source}`, style: { ...place(part), "--rim": colour(persona) } },
    h("b", { class: "clip" }, name(persona)), h("span", { class: "small" }, t(`schedule.source.${source}`)));

  function paint() {
    const today = wall(new Date(), model.zone).date;
    fill(head, h("span", { class: "week-corner" }), columns.map((_, day) => {
      const date = later(first, day);
      return h("button", { type: "button", class: `week-date${date === today ? " today" : ""}`, "aria-pressed": String(day === shownDay), "aria-label": `${t(`day.${day}`)} ${date}`, onclick: () => { shownDay = day; paint(); } },
        h("span", {}, t(`day.${day}`)), h("b", { class: "num" }, Number(date.slice(8))));
    }));
    const parts = model.slots.flatMap((slot, index) => pieces(slot).map((part) => ({ slot, index, part })));
    columns.forEach((column, day) => {
      const date = later(first, day);
      const here = parts.filter((p) => p.part.day === day);
      const special = specials(date);
      const free = model.standard ? gaps([...here.map((p) => p.part), ...special]) : [];
      const below = (a, b) => a !== b && b.part.from < a.part.to && a.part.from < b.part.to && (b.slot.priority < a.slot.priority || (b.slot.priority === a.slot.priority && b.index < a.index));
      fill(column, free.map((part) => mark("default", model.standard, part)),
        here.map((p) => pieceOf(p.slot, p.index, p.part, here.filter((other) => below(p, other)).length)),
        special.map((s) => mark(s.source, s.persona, s)));
      column.classList.toggle("today", date === today);
      column.classList.toggle("shown", day === shownDay);
    });
    tick();
  }

  function tick() {
    const now = wall(new Date(), model.zone);
    const at = columns.findIndex((_, day) => later(first, day) === now.date);
    line.remove();
    if (at < 0) return;
    line.style.setProperty("top", `${(now.minutes / DAY) * 100}%`);
    say(line.lastChild, clockOf(now.minutes));
    columns[at].append(line);
  }

  /** Bring a day and a slot of it into view. */
  function showDay(day, index = -1) {
    if (day !== shownDay) {
      shownDay = day;
      paint();
    }
    const piece = element.querySelector(`[data-day="${day}"] [data-slot="${index}"]`);
    piece?.scrollIntoView({ block: "center" });
    piece?.focus({ preventScroll: true });
  }

  if (canEdit) {
    for (const column of columns) column.addEventListener("pointerdown", (event) => {
      const piece = event.target.closest(".slot");
      if (piece) grab(event, piece);
      else if (event.target === column) draw(event, column);
    });
    body.addEventListener("keydown", keys);
    // The keyboard's click comes with no press before it.
    body.addEventListener("click", (event) => {
      const piece = event.target.closest(".slot");
      if (piece && event.detail === 0) edit(model.slots[piece.dataset.slot], Number(piece.dataset.slot));
    });
  }
  const timer = setInterval(tick, NOW_MS);
  return {
    element, paint, close: () => clearInterval(timer),
    get first() { return first; },
    /** Show another week. */
    turn(date) {
      const today = wall(new Date(), model.zone);
      first = date;
      shownDay = monday(today.date) === date ? today.day : 0;
      paint();
    },
    /** What the server makes of the week; null while the model is not saved. */
    told(documents) { spans = documents; paint(); },
    /** Show which slots contradict each other, and bring the newest into view; none clears that. */
    mark(indexes) {
      wrong = new Set(indexes);
      paint();
      const at = Math.max(-1, ...indexes);
      if (at >= 0) showDay(model.slots[at].day, at);
    },
    scrollToNow() {
      scroll.scrollTop = Math.max(0, (wall(new Date(), model.zone).minutes / DAY) * body.offsetHeight - scroll.clientHeight / 2);
    },
  };
}
