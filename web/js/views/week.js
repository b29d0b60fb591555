/** Week: seven days with their slots, drawn, moved and resized by hand; a line shows now. */
import { fill, h, say } from "../dom.js";
import { t } from "../i18n.js";
import { DAY, SNAP, clockOf, later, lengthOf, minutesOf, monday, pieces, placed, snap, wall } from "../timetable.js";

const NOW_MS = 20_000;
const EDGE_PX = 9;
const THRESHOLD_PX = 4;

/**
 * A grid over `model` ({slots, zone, personas: Map}). `edit(slot, index)` opens a slot, `changed()` tells of every change,
 * `brush()` is the persona that new slots get.
 */
export function weekGrid(model, { edit, changed, brush, canEdit }) {
  const head = h("div", { class: "week-head" });
  const hours = h("div", { class: "week-hours", "aria-hidden": "true" }, Array.from({ length: 24 }, (_, n) => h("span", { class: "num" }, n ? `${n}:00` : "")));
  const columns = Array.from({ length: 7 }, (_, day) => h("div", { class: "week-day", "data-day": day }));
  const line = h("div", { class: "week-now" }, h("i"), h("span", { class: "num" }));
  const body = h("div", { class: "week-body" }, hours, columns);
  const element = h("div", { class: "week", role: "group", "aria-label": t("schedule.grid") }, head, h("div", { class: "week-scroll" }, body));
  let first = monday(wall(new Date(), model.zone).date);
  let shownDay = wall(new Date(), model.zone).day;
  let spans = [];
  let wrong = new Set();
  let ghost = null;

  const name = (id) => model.personas.get(id)?.name ?? id ?? t("schedule.nobody");
  const colour = (id) => model.personas.get(id)?.colour ?? "var(--ink-3)";
  const place = (from, to) => ({ top: `${(from / DAY) * 100}%`, height: `${((to - from) / DAY) * 100}%` });
  const minuteAt = (column, y) => {
    const box = column.getBoundingClientRect();
    return Math.max(0, Math.min(DAY, ((y - box.top) / box.height) * DAY));
  };
  const columnAt = (x, fallback) => columns.find((c) => {
    const box = c.getBoundingClientRect();
    return box.width > 0 && x >= box.left && x < box.right;
  }) ?? fallback;

  function pieceOf(slot, index, part) {
    const label = t("schedule.slot.label", { name: name(slot.persona), day: t(`day.${slot.day}`), start: slot.start, end: slot.end });
    const element = h("button", { type: "button", class: `slot${wrong.has(index) ? " wrong" : ""}${part.first ? " first" : ""}${part.last ? " last" : ""}${part.to - part.from < 50 ? " short" : ""}`,
      "data-slot": index, "aria-label": label, title: label, style: { ...place(part.from, part.to), "--rim": colour(slot.persona), "z-index": 2 + slot.priority } },
    h("b", { class: "clip" }, part.first ? name(slot.persona) : `… ${name(slot.persona)}`), part.first && h("span", { class: "num" }, `${slot.start} – ${slot.end}`),
    slot.priority > 0 && h("i", { class: "num", title: t("schedule.priority") }, `P${slot.priority}`));
    if (!canEdit) return element;
    element.addEventListener("pointerdown", (event) => grab(event, slot, index, part, element));
    element.addEventListener("keydown", (event) => keys(event, slot, index));
    element.addEventListener("click", (event) => { if (event.detail === 0) edit(slot, index); });
    return element;
  }

  function put(index, slot) {
    model.slots[index] = slot;
    wrong.clear();
    paint();
    changed();
  }

  /** Move by the body, change the length by an edge; a press that goes nowhere opens the slot. */
  function grab(event, slot, index, part, element) {
    if (event.button) return;
    event.preventDefault();
    element.focus();
    const box = element.getBoundingClientRect();
    const edge = part.first && event.clientY - box.top < EDGE_PX ? "start" : part.last && box.bottom - event.clientY < EDGE_PX ? "end" : "body";
    const column = columns[part.day];
    const start = minutesOf(slot.start), length = lengthOf(slot);
    const grip = minuteAt(column, event.clientY) - (part.first ? start : start - DAY);
    let moved = null;
    drag(event, (x, y) => {
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
    }, (went) => {
      if (!went) edit(slot, index);
      else if (moved) put(index, moved);
      else paint();
    });
  }

  function keys(event, slot, index) {
    const step = { ArrowUp: [-SNAP, 0], ArrowDown: [SNAP, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (event.key === "Delete") {
      model.slots.splice(index, 1);
      wrong.clear();
      paint();
      changed();
    } else if (step) {
      const length = lengthOf(slot) + (event.shiftKey ? step[0] : 0);
      const start = minutesOf(slot.start) + (event.shiftKey ? 0 : step[0]);
      put(index, placed(slot, slot.day + step[1], start, Math.max(SNAP, Math.min(DAY, length))));
      element.querySelector(`[data-slot="${index}"]`)?.focus();
    } else return;
    event.preventDefault();
  }

  /** Draw a new slot on empty ground. */
  function draw(event, column) {
    if (event.button || event.target !== column || !brush()) return;
    event.preventDefault();
    const day = Number(column.dataset.day);
    const from = snap(minuteAt(column, event.clientY) - SNAP / 2);
    let made = null;
    drag(event, (_, y) => {
      const at = snap(minuteAt(column, y));
      const [low, high] = at < from ? [at, from] : [from, Math.max(at, from + SNAP)];
      made = placed({ day, persona: brush(), priority: 0 }, day, low, Math.min(DAY, Math.max(SNAP, high - low)));
      show(made, -1);
    }, (went) => {
      if (went && made) {
        model.slots.push(made);
        wrong.clear();
        paint();
        changed();
      } else paint();
    });
  }

  function drag(event, move, end) {
    const { clientX, clientY, pointerId } = event;
    let went = false;
    const on = (e) => {
      if (e.pointerId !== pointerId) return;
      went ||= Math.hypot(e.clientX - clientX, e.clientY - clientY) > THRESHOLD_PX;
      if (went) move(e.clientX, e.clientY);
    };
    const off = (e) => {
      if (e.pointerId !== pointerId) return;
      for (const type of ["pointermove", "pointerup", "pointercancel"]) window.removeEventListener(type, type === "pointermove" ? on : off);
      ghost = null;
      end(went && e.type === "pointerup");
    };
    window.addEventListener("pointermove", on);
    window.addEventListener("pointerup", off);
    window.addEventListener("pointercancel", off);
  }

  function show(slot, index) {
    ghost = { slot, index };
    paint();
  }

  /** One-offs and holidays of the week as the server sees them, over the slots. */
  function notes(day) {
    const date = later(first, day);
    return spans.filter((s) => s.source === "override" || s.source === "holiday").flatMap((s) => {
      const from = s.local_start.slice(0, 10) < date ? 0 : s.local_start.slice(0, 10) > date ? DAY : minutesOf(s.local_start.slice(11));
      const to = s.local_end.slice(0, 10) > date ? DAY : s.local_end.slice(0, 10) < date ? 0 : minutesOf(s.local_end.slice(11));
      return to > from ? [h("div", { class: `special ${s.source}`, style: { ...place(from, to), "--rim": colour(s.persona) } }, h("b", { class: "clip" }, name(s.persona)), h("span", { class: "small" }, t(`schedule.source.${s.source}`)))] : [];
    });
  }

  function paint() {
    const today = wall(new Date(), model.zone).date;
    fill(head, h("span", { class: "week-corner" }), columns.map((_, day) => {
      const date = later(first, day);
      const tab = h("button", { type: "button", class: `week-date${date === today ? " today" : ""}`, "aria-pressed": String(day === shownDay), onclick: () => { shownDay = day; paint(); } },
        h("span", {}, t(`day.${day}`)), h("b", { class: "num" }, Number(date.slice(8))));
      return tab;
    }));
    element.dataset.shown = shownDay;
    columns.forEach((column, day) => {
      const shown = model.slots.map((slot, index) => (ghost?.index === index ? ghost.slot : slot));
      if (ghost?.index === -1) shown.push(ghost.slot);
      const parts = shown.flatMap((slot, index) => pieces(slot).filter((p) => p.day === day).map((part) => {
        const piece = pieceOf(slot, index, part);
        if (ghost && (ghost.index === index || (ghost.index === -1 && index === shown.length - 1))) piece.classList.add("held");
        return piece;
      }));
      fill(column, parts, notes(day));
      column.classList.toggle("today", later(first, day) === today);
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

  for (const column of columns) if (canEdit) column.addEventListener("pointerdown", (event) => draw(event, column));
  const timer = setInterval(tick, NOW_MS);
  return {
    element, paint, close: () => clearInterval(timer),
    get first() { return first; },
    /** Show another week, with what the server says of it. */
    turn(date, documents) {
      const today = wall(new Date(), model.zone);
      first = date;
      spans = documents;
      shownDay = monday(today.date) === date ? today.day : 0;
      paint();
    },
    mark(indexes) {
      wrong = new Set(indexes);
      paint();
      element.querySelector(".slot.wrong")?.scrollIntoView({ block: "center" });
    },
    scrollToNow() {
      const scroll = element.querySelector(".week-scroll");
      scroll.scrollTop = Math.max(0, (wall(new Date(), model.zone).minutes / DAY) * body.offsetHeight - scroll.clientHeight / 2);
    },
  };
}

