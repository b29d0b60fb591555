/** Losses by step: what was learnt from, smoothed, and what was held out; read with the pointer or the arrow keys. */
import { h, say, svg } from "./dom.js";
import { number, t } from "./i18n.js";

const EDGE = { left: 46, right: 14, top: 14, bottom: 26 };
const SHARE_OF_WINDOW = 18;

/** A loss in three digits. */
export const loss = (value) => (value === null || value === undefined ? "—" : value >= 1000 ? value.toFixed(0) : value.toPrecision(3));

/** About `count` round numbers within low and high. */
export function ticks(low, high, count) {
  const raw = (high - low) / Math.max(1, count);
  const ten = 10 ** Math.floor(Math.log10(raw || 1));
  const step = [1, 2, 2.5, 5, 10].map((n) => n * ten).find((n) => n >= raw) ?? ten;
  const out = [];
  for (let n = Math.ceil(low / step); n * step <= high + step * 1e-9; n += 1) out.push(n * step);
  return out;
}

/** Decimals that tell two neighbouring ticks apart. */
function decimals(step) {
  for (let n = 0; n < 6; n += 1) if (Math.abs(step * 10 ** n - Math.round(step * 10 ** n)) < 1e-6) return n;
  return 6;
}

/** A moving average without the lag of its beginning; its window grows with the number of points. */
export function smoothed(points) {
  const window = Math.min(60, Math.max(3, points.length / SHARE_OF_WINDOW));
  const keep = 1 - 2 / (window + 1);
  let sum = 0, weight = 0;
  return points.map(([step, value]) => {
    sum = keep * sum + (1 - keep) * value;
    weight = keep * weight + (1 - keep);
    return [step, sum / weight];
  });
}

function nearest(points, step) {
  let best = 0;
  for (let n = 1; n < points.length; n += 1) if (Math.abs(points[n][0] - step) < Math.abs(points[best][0] - step)) best = n;
  return best;
}

/** Low and high of what is shown: all of the quiet curves, and the raw one without its outliers. */
function range(raw, quiet) {
  const sorted = raw.map((p) => p[1]).sort((a, b) => a - b);
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  const values = [...quiet.map((p) => p[1]), ...(sorted.length ? [at(0.02), at(0.98)] : [])];
  const low = Math.min(...values), high = Math.max(...values);
  const pad = (high - low) * 0.08 || Math.abs(high) * 0.1 || 0.1;
  return [low >= 0 ? Math.max(0, low - pad) : low - pad, high + pad];
}

/** A plot as `element`; `draw` takes {train, val} as [step, loss] pairs, and the best step. */
export class Plot {
  constructor() {
    this.train = [];
    this.val = [];
    this.best = null;
    this.at = null;
    this.picture = svg("svg", { "aria-hidden": "true" });
    this.readout = h("output", { class: "plot-readout small num" });
    this.none = h("p", { class: "plot-none small faint" }, t("plot.none"));
    this.board = h("div", { class: "plot-board", role: "slider", tabIndex: 0, "aria-label": t("plot.label") }, this.picture, this.none);
    const key = (kind, label) => h("span", { class: `plot-key ${kind}` }, h("i"), label);
    this.element = h("div", { class: "plot" }, h("div", { class: "plot-head" },
      h("div", { class: "plot-keys small" }, key("raw", t("plot.train")), key("smooth", t("plot.smooth")), key("val", t("plot.val"))), this.readout), this.board);
    this.board.addEventListener("keydown", (event) => this.key(event));
    for (const name of ["pointermove", "pointerdown"]) this.board.addEventListener(name, (event) => this.point(event));
    this.board.addEventListener("pointerleave", () => this.read(null));
    this.board.addEventListener("blur", () => this.read(null));
    this.watcher = new ResizeObserver(() => this.layout());
    this.watcher.observe(this.board);
  }

  close() {
    this.watcher.disconnect();
  }

  draw(curve, best = null) {
    this.train = curve.train;
    this.val = curve.val;
    this.soft = smoothed(curve.train);
    this.best = best;
    this.layout();
  }

  /** The points that are stepped through. */
  get base() {
    return this.train.length ? this.train : this.val;
  }

  layout() {
    const { clientWidth: width, clientHeight: height } = this.board;
    const drawn = this.base.length > 1;
    this.none.hidden = drawn;
    this.board.tabIndex = drawn ? 0 : -1;
    if (!width) return;
    this.picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.picture.replaceChildren();
    if (!drawn) {
      this.read(null);
      return;
    }
    const every = [...this.train, ...this.val].map((p) => p[0]);
    const last = Math.max(...every), first = Math.min(...every) < last * 0.08 ? 0 : Math.min(...every);
    const [low, high] = range(this.train, [...this.soft, ...this.val]);
    const right = width - EDGE.right, bottom = height - EDGE.bottom;
    this.x = (step) => EDGE.left + ((step - first) / (last - first || 1)) * (right - EDGE.left);
    this.y = (value) => EDGE.top + (1 - (Math.min(high, Math.max(low, value)) - low) / (high - low)) * (bottom - EDGE.top);
    this.step = (x) => first + ((x - EDGE.left) / (right - EDGE.left)) * (last - first);
    this.picture.append(this.axes(first, last, low, high, right, bottom), ...this.lines(), this.mark(right, bottom));
    this.cursor = svg("g", { class: "plot-cursor" });
    this.picture.append(this.cursor);
    this.board.setAttribute("aria-valuemin", this.base[0][0]);
    this.board.setAttribute("aria-valuemax", this.base.at(-1)[0]);
    this.read(this.at);
  }

  axes(first, last, low, high, right, bottom) {
    const values = ticks(low, high, Math.max(3, (bottom - EDGE.top) / 46));
    const digits = decimals(values[1] - values[0]);
    const steps = ticks(first, last, Math.max(3, (right - EDGE.left) / 90)).filter((n) => Number.isInteger(n));
    return svg("g", {},
      svg("g", { class: "plot-y" }, values.map((v) => [svg("line", { x1: EDGE.left, x2: right, y1: this.y(v), y2: this.y(v) }),
        svg("text", { x: EDGE.left - 8, y: this.y(v) + 4, "text-anchor": "end" }, v.toFixed(digits))])),
      svg("g", { class: "plot-x" }, steps.map((n) => svg("text", { x: this.x(n), y: bottom + 18,
        "text-anchor": this.x(n) > right - 20 ? "end" : "middle" }, number(n)))));
  }

  lines() {
    const path = (points) => points.map(([step, value], n) => `${n ? "L" : "M"}${this.x(step).toFixed(1)} ${this.y(value).toFixed(1)}`).join("");
    return [svg("path", { class: "plot-raw", d: path(this.train) }), svg("path", { class: "plot-smooth", d: path(this.soft) }),
      svg("path", { class: "plot-val", d: path(this.val) }),
      ...this.val.length <= 60 ? this.val.map(([step, value]) => svg("circle", { class: "plot-val-dot", r: 2.8, cx: this.x(step), cy: this.y(value) })) : []];
  }

  /** The step whose weights are kept. */
  mark(right, bottom) {
    const of = this.val.length ? this.val : this.soft;
    if (this.best === null || this.best === undefined) return svg("g");
    const point = of[nearest(of, this.best)];
    const x = this.x(point[0]), end = x > right - 80;
    return svg("g", { class: "plot-best" }, svg("line", { x1: x, x2: x, y1: EDGE.top, y2: bottom }),
      svg("circle", { r: 5, cx: x, cy: this.y(point[1]) }),
      svg("text", { x: x + (end ? -7 : 7), y: EDGE.top + 8, "text-anchor": end ? "end" : "start" }, t("plot.best", { step: number(this.best) })));
  }

  point(event) {
    if (this.base.length < 2 || !this.step) return;
    this.read(nearest(this.base, this.step(event.clientX - this.board.getBoundingClientRect().left)));
  }

  key(event) {
    const end = this.base.length - 1, page = Math.max(1, Math.round(end / 10)), now = this.at ?? end;
    const to = { ArrowLeft: now - 1, ArrowDown: now - 1, ArrowRight: now + 1, ArrowUp: now + 1, PageDown: now - page, PageUp: now + page, Home: 0, End: end }[event.key];
    if (to === undefined || end < 1) return;
    event.preventDefault();
    this.read(Math.min(end, Math.max(0, to)));
  }

  /** Show the point `n` in words and as a line; null: the latest one, without a line. */
  read(n) {
    this.at = n === null ? null : Math.min(n, this.base.length - 1);
    this.cursor?.replaceChildren();
    if (this.base.length < 2) {
      say(this.readout, "");
      return;
    }
    const at = this.at ?? this.base.length - 1;
    const step = this.base[at][0];
    const held = this.val.length ? this.val[nearest(this.val, step)] : null;
    const words = [t("plot.step", { step: number(step) }), this.train.length && t("plot.train_at", { loss: loss(this.train[at][1]) }),
      held && t(held[0] === step ? "plot.val_at" : "plot.val_near", { loss: loss(held[1]), step: number(held[0]) })].filter(Boolean).join(" · ");
    say(this.readout, words);
    this.board.setAttribute("aria-valuenow", step);
    this.board.setAttribute("aria-valuetext", words);
    if (this.at === null || !this.cursor) return;
    const x = this.x(step);
    this.cursor.append(svg("line", { x1: x, x2: x, y1: EDGE.top, y2: this.board.clientHeight - EDGE.bottom }));
    if (this.train.length) this.cursor.append(svg("circle", { class: "smooth", r: 4, cx: x, cy: this.y(this.soft[at][1]) }));
    if (held) this.cursor.append(svg("circle", { class: "val", r: 4, cx: this.x(held[0]), cy: this.y(held[1]) }));
  }
}
