/** Samples of a training: for each prompt, what it made of it step after step. */
import { button, fill, h, icon, say } from "../dom.js";
import { number, t } from "../i18n.js";
import { sheet } from "../notice.js";

const NEAR_END_PX = 12;

/** One picture large, with a slider over the steps of its prompt. */
function enlarge(list, at, best, address) {
  sheet(list[at].prompt, () => {
    const image = h("img", { alt: "" });
    const title = h("b", { class: "num", role: "status" });
    const slider = h("input", { type: "range", min: 0, max: list.length - 1, step: 1, value: at, "aria-label": t("job.sample.slide") });
    const show = (n) => {
      const sample = list[n];
      slider.value = n;
      image.src = address(sample);
      image.alt = t("job.sample.open", { step: number(sample.step), prompt: sample.prompt });
      say(title, [t("job.sample.at", { step: number(sample.step) }), sample.step === best && t("job.sample.best")].filter(Boolean).join(" · "));
      slider.setAttribute("aria-valuetext", title.textContent);
      slider.style.setProperty("--share", `${(n / Math.max(1, list.length - 1)) * 100}%`);
      previous.disabled = n === 0;
      next.disabled = n === list.length - 1;
    };
    const by = (n) => () => show(Math.min(list.length - 1, Math.max(0, Number(slider.value) + n)));
    const previous = button(t("job.sample.before"), { sign: "left", small: true, only: true, onclick: by(-1) });
    const next = button(t("job.sample.after"), { sign: "right", small: true, only: true, onclick: by(1) });
    slider.addEventListener("input", () => show(Number(slider.value)));
    show(at);
    return { body: h("div", { class: "stack big-sample" }, h("div", { class: "big-frame" }, image)),
      footer: [h("div", { class: "row range grow" }, previous, slider, next, title)] };
  });
}

/** `update(job)` adds what is new; a strip that is read further back stays where it is. `address(sample)` is its picture. */
export function sampleRows(address) {
  const element = h("div", { class: "samples stack" });
  const rows = new Map();
  const none = h("p", { class: "small faint" }, t("job.samples.none"));

  function makeRow(sample) {
    const strip = sample.file ? h("div", { class: "strip", role: "group", "aria-label": sample.prompt }) : h("ol", { class: "sample-lines" });
    const row = { strip, list: [], best: null, marked: new Map(),
      element: h("div", { class: "sample-row" }, h("p", { class: "small sample-prompt" }, icon(sample.file ? "image" : "chat", "s"), h("span", { class: "two-lines", title: sample.prompt }, sample.prompt)), strip) };
    return row;
  }
  function makeSample(row, sample) {
    const n = row.list.length;
    row.list.push(sample);
    const step = h("span", { class: "num sample-step" }, number(sample.step));
    const words = t("job.sample.open", { step: number(sample.step), prompt: sample.prompt });
    const made = sample.file
      ? h("button", { type: "button", class: "sample-thumb", "aria-label": words, "data-act": `${sample.index}-${sample.step}`, onclick: () => enlarge([...row.list], n, row.best, address) },
        h("img", { src: address(sample), alt: "", loading: "lazy" }), step)
      : h("li", { class: "sample-line" }, step, h("span", { class: "wrap" }, sample.text));
    row.marked.set(sample.step, made);
    row.strip.append(made);
  }
  const clear = () => {
    rows.clear();
    fill(element);
  };
  /** Whether the samples are those shown and more; not so where it went on from before, or the best one was made anew. */
  function continues(samples) {
    const same = (a, b) => b && a.step === b.step && a.file === b.file && a.text === b.text;
    return [...rows].every(([index, row]) => {
      const now = samples.filter((sample) => sample.index === index);
      return row.list.every((sample, n) => same(sample, now[n]));
    });
  }
  function update(job) {
    if (!continues(job.samples)) clear();
    none.hidden = job.samples.length > 0;
    if (!element.contains(none)) element.append(none);
    const atEnd = new Set();
    for (const sample of job.samples) {
      if (!rows.has(sample.index)) {
        rows.set(sample.index, makeRow(sample));
        element.append(rows.get(sample.index).element);
      }
      const row = rows.get(sample.index);
      if (row.marked.has(sample.step)) continue;
      const { strip } = row;
      const follows = strip.scrollWidth - strip.clientWidth - strip.scrollLeft < NEAR_END_PX;
      makeSample(row, sample);
      if (follows) atEnd.add(strip);
    }
    requestAnimationFrame(() => atEnd.forEach((strip) => { strip.scrollLeft = strip.scrollWidth; }));
    for (const row of rows.values()) {
      row.best = job.best_step;
      for (const [step, made] of row.marked) made.classList.toggle("best", step === job.best_step);
    }
  }
  return { element, update };
}
