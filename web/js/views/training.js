/** Training: data sets, and what is learnt from them. */
import { get } from "../api.js";
import { button, empty, fill, h, icon, reconcile } from "../dom.js";
import { t } from "../i18n.js";
import { failed } from "../notice.js";
import { may } from "../session.js";
import { datasetCard } from "./dataset_card.js";
import { datasetUpload } from "./dataset_upload.js";
import { trainingForm } from "./training_form.js";
import { isLive, jobCard } from "./training_job.js";

const POLL_MS = { busy: 2000, idle: 15000 };

export async function training(page) {
  let datasets = [], jobs = [], adapters = [];
  let timer = 0, turn = 0;
  let closed = false;
  const cards = { datasets: new Map(), jobs: new Map() };
  const lists = { datasets: h("div", { class: "dataset-grid" }), jobs: h("div", { class: "job-list" }) };
  const operator = may("operator");
  const adding = (props = {}) => operator && button(t("datasets.add"), { sign: "upload", ...props, onclick: () => datasetUpload(reload) });
  const starting = (props = {}) => operator && button(t("training.new"), { kind: "primary", sign: "plus", ...props, onclick: () => form(null) });
  const lost = h("p", { class: "banner", role: "status", hidden: true }, icon("warn"), h("span", {}, t("training.lost")));
  const begin = starting();
  const welcome = h("div", { class: "card" }, empty("training", t("training.welcome"), t("training.welcome.text"), adding({ kind: "primary" })));
  const none = { datasets: h("div", { class: "card" }, empty("image", t("datasets.none"), t("datasets.none.text"), adding())),
    jobs: h("div", { class: "card" }, empty("training", t("training.no_jobs"), t("training.no_jobs.text"), starting())) };
  const empties = { welcome: h("div"), datasets: h("div"), jobs: h("div") };
  /** An empty state is on the page only while it is true. */
  const only = (holder, card, on) => {
    if (holder.hasChildNodes() !== on) fill(holder, on && card);
    holder.hidden = !on;
  };
  const sections = h("div", { class: "training-parts", hidden: true },
    h("section", { class: "jobs", "aria-labelledby": "training-jobs" }, h("div", { class: "section-head" }, h("h2", { id: "training-jobs" }, t("training.jobs"))), empties.jobs, lists.jobs),
    h("section", { class: "datasets", "aria-labelledby": "training-data" }, h("div", { class: "section-head datasets-head" }, h("h2", { id: "training-data" }, t("datasets.title")), adding({ small: true })), empties.datasets, lists.datasets));
  const names = { dataset: (id) => datasets.find((d) => d.id === id)?.name ?? "", adapter: (id) => adapters.find((a) => a.id === id)?.name ?? id };

  async function form(chosen) {
    if (!datasets.some((d) => d.state === "ready")) {
      failed({ message: t("form.train.no_data"), nextStep: t("form.train.no_data.text") });
      return;
    }
    await trainingForm(datasets, chosen, async (made) => {
      await reload();
      cards.jobs.get(made.id)?.element.scrollIntoView({ block: "center" });
    });
  }
  function show() {
    const nothing = !datasets.length && !jobs.length;
    only(empties.welcome, welcome, nothing);
    sections.hidden = nothing;
    if (begin) begin.hidden = !jobs.length;
    only(empties.datasets, none.datasets, !datasets.length && !nothing);
    only(empties.jobs, none.jobs, !jobs.length && !nothing);
    reconcile(lists.datasets, cards.datasets, datasets, (dataset) => datasetCard(dataset, { train: form, reload }));
    reconcile(lists.jobs, cards.jobs, jobs, (job, n) => jobCard(job, { reload, names, open: isLive(job) || (n === 0 && job.step > 0) }));
  }
  function plan() {
    clearTimeout(timer);
    if (closed) return;
    const busy = document.visibilityState === "visible" && (jobs.some(isLive) || datasets.some((d) => d.state === "preparing"));
    timer = setTimeout(poll, busy ? POLL_MS.busy : POLL_MS.idle);
  }
  async function load() {
    const mine = (turn += 1);
    try {
      const answers = await Promise.all([get("/training/datasets"), get("/training/jobs"), jobs.some((j) => j.init_from) && !adapters.length ? get("/adapters").catch(() => []) : adapters]);
      if (closed || mine !== turn) return;
      [datasets, jobs, adapters] = answers;
      lost.hidden = true;
      show();
    } finally {
      if (mine === turn) plan();
    }
  }
  const poll = () => load().catch(() => { lost.hidden = closed; });
  const reload = () => load().catch(failed);
  const seen = () => (document.visibilityState === "visible" ? poll() : plan());

  fill(page, h("div", { class: "page-head" }, h("div", {}, h("h1", {}, t("page.training")), h("p", {}, t("training.lead"))), begin), lost, empties.welcome, sections);
  try {
    await load();
  } catch (error) {
    closed = true;
    clearTimeout(timer);
    throw error;
  }
  document.addEventListener("visibilitychange", seen);
  return () => {
    closed = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", seen);
    for (const card of cards.jobs.values()) card.close();
  };
}
