/** Timetable: what a slot covers on the wall, without any picture. Minutes count from midnight, day 0 is Monday. */

export const DAY = 24 * 60;
export const SNAP = 15;
const two = (n) => String(n).padStart(2, "0");

export const clockOf = (minutes) => `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
export function minutesOf(text) {
  const [hours, minutes] = text.split(":").map(Number);
  return hours * 60 + minutes;
}

export const snap = (minutes) => Math.round(minutes / SNAP) * SNAP;

/** How long a slot lasts, 1 to 1440: an end at or before the start is on the next day. */
export const lengthOf = (slot) => ((minutesOf(slot.end) - minutesOf(slot.start) - 1 + 2 * DAY) % DAY) + 1;

/** A slot that begins at `start` (may be out of 0..1439, which moves the day) and lasts `length`. */
export function placed(slot, day, start, length) {
  const shift = Math.floor(start / DAY);
  const from = start - shift * DAY;
  return { ...slot, day: (((day + shift) % 7) + 7) % 7, start: clockOf(from), end: clockOf((from + length) % DAY) };
}

/** The parts of a slot as columns show them: `{day, from, to}`, two when it runs over midnight. */
export function pieces(slot) {
  const from = minutesOf(slot.start), to = from + lengthOf(slot);
  if (to <= DAY) return [{ day: slot.day, from, to, first: true, last: true }];
  return [{ day: slot.day, from, to: DAY, first: true, last: false }, { day: (slot.day + 1) % 7, from: 0, to: to - DAY, first: false, last: true }];
}

/** Where an instant lies on the wall of a time zone: `{date: "YYYY-MM-DD", day, minutes}`. */
export function wall(instant, zone) {
  const parts = Object.fromEntries(new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
    hour: "2-digit", minute: "2-digit" }).formatToParts(instant).map((p) => [p.type, p.value]));
  const date = `${parts.year}-${parts.month}-${parts.day}`;
  return { date, day: dayOf(date), minutes: Number(parts.hour) * 60 + Number(parts.minute) };
}

/** The day of the week of a date, 0 for Monday. */
export const dayOf = (date) => (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;

/** A date some days later. */
export function later(date, days) {
  const at = new Date(`${date}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

/** The Monday of a date's week. */
export const monday = (date) => later(date, -dayOf(date));

/** What of a day is not covered by any of `parts` ({from, to}), as `{from, to}`. */
export function gaps(parts) {
  const free = [];
  let at = 0;
  for (const { from, to } of [...parts].sort((a, b) => a.from - b.from)) {
    if (from > at) free.push({ from: at, to: from });
    at = Math.max(at, to);
  }
  return at < DAY ? [...free, { from: at, to: DAY }] : free;
}

/** The part of a date between two wall times "YYYY-MM-DDTHH:MM", as `{from, to}`; null where they miss it. */
export function partOf(date, start, end) {
  const minute = (text) => (text.slice(0, 10) < date ? 0 : text.slice(0, 10) > date ? DAY : minutesOf(text.slice(11, 16)));
  const from = minute(start), to = minute(end);
  return to > from ? { from, to } : null;
}
