/** Desk log: the records of the desk, put together by answer or line, without any picture. */

const KEPT = 150;
const KNOWN = 1000;
const squeeze = (text) => String(text ?? "").replace(/\s+/g, "");

/**
 * Groups of records: `{key, first, question, retrieved, drafts: Map(job -> draft), lines: Map(line_id -> {verdict, said}), notes}`.
 * A question, what was found for it, its drafts and the sentences of its answer are one group; so are a draft that nobody asked
 * for and its sentences.
 */
export class DeskLog {
  constructor() {
    this.groups = new Map();
    this.byEvent = new Map();
    this.byJob = new Map();
    this.byLine = new Map();
    this.counts = { question: 0, hold: 0, rewrite: 0, override: 0, said: 0, skipped: 0 };
    this.known = new Set();
    this.arrivals = 0;
    this.engine = null;
  }

  /** Take a record; returns the group that it changed, or null when it was known or changes none. */
  add(record) {
    // A socket that comes back sends the last records again; a server that was restarted counts from the beginning.
    const key = JSON.stringify([record.id, record.ts, record.type, record.type === "draft" ? [record.text, record.done] : 0]);
    if (this.known.has(key)) return null;
    this.known.add(key);
    if (this.known.size > KNOWN) this.known.delete(this.known.values().next().value);
    const group = this[`_${record.type}`]?.(record) ?? null;
    this._forget();
    return group;
  }

  _make(record, key) {
    const group = { key, first: this.arrivals++, ts: record.ts, question: null, retrieved: null, drafts: new Map(), lines: new Map(), notes: [] };
    this.groups.set(key, group);
    return group;
  }

  _of(event, record) {
    if (event === null || event === undefined) return null;
    if (!this.byEvent.has(event)) this.byEvent.set(event, this._make(record, `e${event}`));
    return this.byEvent.get(event);
  }

  _question(record) {
    this.counts.question += 1;
    const group = this._of(record.event_id, record) ?? this._make(record, `q${record.id}`);
    group.question = record;
    return group;
  }

  _retrieved(record) {
    const group = this._of(record.event_id, record) ?? this._make(record, `r${record.id}`);
    group.retrieved = record;
    return group;
  }

  _draft(record) {
    const group = this.byJob.get(record.job) ?? this._of(record.event_id, record) ?? this._make(record, `j${record.job}`);
    this.byJob.set(record.job, group);
    group.drafts.set(record.job, record);
    return group;
  }

  _verdict(record) {
    if (record.action in this.counts) this.counts[record.action] += 1;
    const group = this.byLine.get(record.line_id) ?? this._of(record.event_id, record) ?? this._written(record.text) ?? this._make(record, `l${record.line_id}`);
    this._line(group, record).verdict = record;
    return group;
  }

  _said(record) {
    this.counts.said += 1;
    const group = this.byLine.get(record.line_id) ?? this._of(record.event_id, record) ?? this._written(record.text) ?? this._make(record, `l${record.line_id}`);
    this._line(group, record).said = record;
    return group;
  }

  _engine(record) {
    this.engine = record;
    const group = this._make(record, `g${record.id}`);
    group.notes.push(record);
    return group;
  }

  _skipped(record) {
    this.counts.skipped += 1;
    const group = this.byJob.get(record.job) ?? this._of(record.event_id, record) ?? this._written(record.text) ?? this._make(record, `s${record.id}`);
    group.notes.push(record);
    return group;
  }

  _line(group, record) {
    this.byLine.set(record.line_id, group);
    if (!group.lines.has(record.line_id)) group.lines.set(record.line_id, { verdict: null, said: null });
    return group.lines.get(record.line_id);
  }

  /** The newest group nobody asked for in whose draft `text` stands. */
  _written(text) {
    const words = squeeze(text);
    if (!words) return null;
    for (const group of [...this.groups.values()].reverse().slice(0, 12)) {
      for (const draft of group.drafts.values()) if (squeeze(draft.text).includes(words)) return group;
    }
    return null;
  }

  _forget() {
    while (this.groups.size > KEPT) {
      const [key, group] = this.groups.entries().next().value;
      this.groups.delete(key);
      for (const index of [this.byEvent, this.byJob, this.byLine]) for (const [k, g] of index) if (g === group) index.delete(k);
    }
  }
}

/** Whether a group is shown under a filter: all, question, hold, rewrite, override, skipped. */
export function shownUnder(group, filter) {
  if (filter === "all") return true;
  if (filter === "question") return Boolean(group.question);
  if (filter === "skipped") return group.notes.some((n) => n.type === "skipped");
  return [...group.lines.values()].some((line) => line.verdict?.action === filter);
}
