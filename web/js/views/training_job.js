/** The card of one training: how far it is, its losses, its samples, and what can be done with it. */
import { get, getText, post, remove } from "../api.js";
import { button, changing, fill, h, icon } from "../dom.js";
import { about, bytes, local, moment, number, span, t } from "../i18n.js";
import { attempt, confirm, done, failed, sheet } from "../notice.js";
import { loss, Plot } from "../plot.js";
import { may } from "../session.js";
import { publishSheet } from "./training_publish.js";
import { sampleRows } from "./training_samples.js";

const TONE = { queued: "", preparing: "info", running: "info", stopping: "warn", stopped: "warn", finished: "good", failed: "bad" };
const MB = 1 << 20;

export const isLive = (job) => ["queued", "preparing", "running", "stopping"].includes(job.state);

/** The address of a training, or of something of it. */
export const jobPath = (job, ...rest) => ["/training/jobs", ...[job.id, ...rest].map(encodeURIComponent)].join("/");

function speedOf(job) {
  if (!job.speed) return "—";
  const fast = job.speed >= 1;
  return t(fast ? "job.speed.steps" : "job.speed.seconds", { n: number(fast ? job.speed : 1 / job.speed, { maximumFractionDigits: 1 }) });
}

function meters(job) {
  const cell = (name, value, more = null) => h("div", { class: "meter" }, h("dt", {}, t(`job.${name}`)), h("dd", {}, h("b", { class: "num" }, value), more && h("small", { class: "num" }, more)));
  const over = !isLive(job);
  const took = over && job.started && job.ended ? (Date.parse(job.ended) - Date.parse(job.started)) / 1000 : 0;
  return [
    cell("step", t("job.of", { n: number(job.step), all: number(job.steps) })), cell("epoch", t("job.of", { n: number(job.epoch), all: number(job.epochs) })),
    cell("loss", loss(job.loss)), cell("val", loss(job.val_loss), job.best_step !== null && t("job.best", { step: number(job.best_step) })),
    over ? cell("ended", moment(job.ended) || "—", took > 0 && t("job.took", { time: span(took) })) : cell("left", job.left_s === null ? "—" : about(job.left_s)),
    over && job.size_bytes ? cell("size", bytes(job.size_bytes)) : cell("speed", speedOf(job)),
    cell("memory", job.memory_mb ? bytes(job.memory_mb * MB) : "—", job.device),
  ];
}

function logSheet(job) {
  sheet(t("job.log.title", { name: job.name }), () => {
    const lines = h("pre", { class: "log small mono", tabIndex: 0, "aria-label": t("job.log.lines") }, t("loading"));
    const load = async () => {
      const text = await getText(`${jobPath(job, "log")}?lines=200`);
      fill(lines, text || t("job.log.none"));
      lines.scrollTop = lines.scrollHeight;
    };
    const again = button(t("job.log.refresh"), { sign: "back", onclick: () => attempt(again, load) });
    load().catch((error) => {
      fill(lines);
      failed(error);
    });
    return { body: lines, footer: [again] };
  }, { wide: true });
}

function noteLines(job) {
  if (!job.notes.length && !job.advice.length) return null;
  return [
    job.advice.length > 0 && h("div", { class: "note advice" }, icon("info"), h("div", { class: "grow wrap" }, h("b", {}, t("job.advice")), job.advice.map((line) => h("p", {}, local(line))))),
    job.notes.length > 0 && h("div", { class: "note" }, icon("warn"), h("div", { class: "grow wrap" }, h("b", {}, t("job.notes")),
      job.notes.map((note) => h("p", { class: note.level }, note.message, note.next_step && h("span", { class: "small faint" }, note.next_step))))),
  ];
}

/** `reload` is called after a change; `names` gives the names of data sets and adapters; `open`: with curve and samples. */
export function jobCard(first, { reload, names, open }) {
  let job = first;
  let drawn = "";
  let unfolded = open;
  const act = (verb, words) => (event) => attempt(event.currentTarget, async () => {
    await post(jobPath(job, verb));
    done(t(words));
    await reload();
  });
  const erase = async (event) => {
    const control = event.currentTarget;
    if (!(await confirm(t("job.delete.title"), t("job.delete.text", { name: job.name }), t("delete")))) return;
    await attempt(control, async () => {
      await remove(jobPath(job));
      done(t("job.deleted"));
      await reload();
    });
  };
  const head = changing(h("div", { class: "job-head" }), () => [
    h("span", { class: `job-sign ${job.kind}` }, icon(job.kind === "visual" ? "brush" : "chat")),
    h("div", { class: "grow" }, h("h3", { class: "clip", title: job.name }, job.name),
      h("p", { class: "small faint clip" }, [t(`job.kind.${job.kind}`), names.dataset(job.dataset) ? t("job.data", { name: names.dataset(job.dataset) }) : t("job.data_gone"),
        job.init_from && t("job.from", { name: names.adapter(job.init_from) }), t("job.made", { at: moment(job.created) })].filter(Boolean).join(" · "))),
    h("span", { class: `pill ${TONE[job.state] ?? ""}` }, t(`job.state.${job.state}`))]);
  const bar = h("div", { class: "bar", role: "progressbar", "aria-label": t("job.progress"), "aria-valuemin": 0, "aria-valuemax": 100 }, h("i"));
  const percent = h("span", { class: "small num muted" });
  const progress = h("div", { class: "row job-progress" }, bar, percent);
  const facts = changing(h("dl", { class: "meters" }), () => meters(job));
  const trouble = changing(h("div", { class: "job-said" }), () => [
    job.state === "queued" && h("p", { class: "small muted" }, t("job.queued.text")), job.state === "preparing" && h("p", { class: "small muted" }, t("job.preparing.text")),
    job.message && (job.state === "failed" ? h("div", { class: "note bad" }, icon("warn"), h("div", { class: "grow wrap" }, h("b", {}, job.message), h("p", { class: "small next-step" }, job.next_step)))
      : h("p", { class: "small muted wrap" }, [job.message, job.next_step].filter(Boolean).join(" "))),
    noteLines(job)]);
  const plot = new Plot();
  const rows = sampleRows((sample) => jobPath(job, "samples", sample.file));
  const detail = h("div", { class: "job-detail", id: `job-detail-${first.id}` }, h("section", { class: "job-plot" }, plot.element), h("section", { class: "job-samples", "aria-label": t("job.samples") }, rows.element));
  const toggle = button(t("job.details"), { small: true, kind: "ghost", sign: "training", "aria-controls": detail.id, onclick: () => unfold(!unfolded) });
  const acts = changing(h("div", { class: "row wrapping job-acts" }), () => {
    const operator = may("operator"), over = !isLive(job);
    const small = (name, kind, sign, onclick, title) => button(t(`job.${name}`), { small: true, kind, sign, "data-act": name, onclick, title });
    return [
      operator && ["queued", "preparing", "running"].includes(job.state) && small("stop", "", "stop", act("stop", "job.stopping"), t("job.stop.about")),
      operator && ["stopped", "failed"].includes(job.state) && small("resume", "primary", "play", act("resume", "job.resumed")),
      operator && job.state === "finished" && !job.adapter_id && small("publish", "primary", "adapters", () => publishSheet(job, jobPath(job, "publish"), reload)),
      job.adapter_id && h("a", { class: "btn small", href: `#/adapters?id=${encodeURIComponent(job.adapter_id)}`, "data-act": "published" }, icon("adapters", "s"), h("span", {}, t("job.published"))),
      job.has_report && h("a", { class: "btn small", href: jobPath(job, "report"), target: "_blank", rel: "noopener", "data-act": "report" }, icon("scripts", "s"), h("span", {}, t("job.report"))),
      small("log", "", "info", () => logSheet(job)),
      operator && over && button(t("delete"), { small: true, only: true, kind: "ghost danger", sign: "trash", "data-act": "delete", onclick: erase })];
  });
  const element = h("article", { class: "card job", "data-id": first.id }, head.element, progress, facts.element, trouble.element, detail,
    h("div", { class: "row wrapping job-foot" }, toggle, h("span", { class: "grow" }), acts.element));

  function unfold(on) {
    unfolded = on;
    detail.hidden = !on;
    toggle.setAttribute("aria-expanded", String(on));
    if (on) details();
  }
  function details() {
    rows.update(job);
    const now = `${job.step} ${job.val_loss} ${job.best_step}`;
    if (now === drawn) return;
    drawn = now;
    get(jobPath(job, "curve")).then((curve) => plot.draw(curve, job.best_step)).catch(() => { drawn = ""; });
  }
  function update(next) {
    job = next;
    const share = job.steps ? Math.min(1, job.step / job.steps) : 0;
    const done = Math.floor(share * 100);
    element.dataset.state = job.state;
    bar.classList.toggle("busy", job.state === "preparing");
    bar.firstChild.style.setProperty("width", job.state === "preparing" ? "" : `${done}%`);
    bar.setAttribute("aria-valuenow", done);
    percent.textContent = `${done}%`;
    progress.hidden = job.state === "queued" || (!isLive(job) && job.state === "finished");
    facts.element.hidden = !job.step && job.state !== "running";
    head.show([job.name, job.state, job.kind, names.dataset(job.dataset), job.init_from && names.adapter(job.init_from)]);
    facts.show([job.step, job.steps, job.epoch, job.loss, job.val_loss, job.best_step, job.left_s, job.speed, job.memory_mb, job.state, job.ended]);
    trouble.show([job.state, job.message, job.next_step, job.notes, job.advice]);
    acts.show([job.state, job.adapter_id, job.has_report]);
    const begun = job.step > 0 || job.samples.length > 0;
    toggle.hidden = !begun;
    detail.hidden = !begun || !unfolded;
    if (!detail.hidden) details();
  }
  toggle.setAttribute("aria-expanded", String(open));
  return { element, update, close: () => plot.close() };
}
