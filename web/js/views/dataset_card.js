/** The card of one data set: what is in it, what is wrong with it, what can be done with it. */
import { get, remove } from "../api.js";
import { button, changing, fill, h, icon } from "../dom.js";
import { bytes, moment, t } from "../i18n.js";
import { attempt, confirm, done } from "../notice.js";
import { may } from "../session.js";
import { countOf, datasetPath } from "./dataset.js";
import { datasetSheet } from "./dataset_sheet.js";
import { findings } from "./findings.js";

const TONE = { ready: "good", preparing: "info", failed: "bad" };
const COVERS = { visual: 4, language: 2 };

function cover(dataset, item) {
  if (dataset.kind !== "visual") return h("p", { class: "cover-line" }, icon("chat", "s"), h("span", { class: "clip" }, item.prompt));
  const picture = h("img", { src: `${datasetPath(dataset, "pictures", item.file_name)}?size=240`, alt: "", loading: "lazy" });
  picture.addEventListener("error", () => picture.replaceWith(h("span", { class: "cover-none" }, icon("image"))));
  return picture;
}

/** `train(dataset)` opens the form for a training; `reload` is called after a change. */
export function datasetCard(first, { train, reload }) {
  let dataset = first;
  const covers = h("div", { class: `covers ${first.kind}` });
  let covered = "";
  const showCovers = () => {
    const now = `${dataset.state} ${dataset.items}`;
    if (covered === now) return;
    covered = now;
    if (!covers.firstChild) fill(covers, h("span", { class: "cover-none" }, icon(dataset.kind === "visual" ? "image" : "chat", "l")));
    if (!dataset.items) return;
    get(`${datasetPath(dataset, "items")}?offset=0&limit=${COVERS[dataset.kind]}`)
      .then(({ items }) => items.length && fill(covers, items.map((item) => cover(dataset, item)))).catch(() => { covered = ""; });
  };
  const erase = async (control) => {
    if (!(await confirm(t("datasets.delete.title"), t("datasets.delete.text", { name: dataset.name, n: dataset.items }), t("delete")))) return;
    await attempt(control, async () => {
      await remove(datasetPath(dataset));
      done(t("job.deleted"));
      await reload();
    });
  };
  const body = changing(h("div", { class: "dataset-body" }), () => {
    const ready = dataset.state === "ready";
    const facts = [dataset.items > 0 && countOf(dataset), bytes(dataset.bytes), moment(dataset.created)].filter(Boolean).join(" · ");
    return [
      h("div", { class: "row between" }, h("h3", { class: "clip", title: dataset.name }, dataset.name),
        h("span", { class: `pill ${TONE[dataset.state] ?? ""}` }, t(`datasets.state.${dataset.state}`))),
      h("p", { class: "small faint num" }, facts),
      dataset.trigger && h("div", {}, h("span", { class: "pill plain" }, icon("tag", "s"), h("span", { class: "clip" }, t("datasets.trigger.pill", { word: dataset.trigger })))),
      dataset.state === "preparing" && h("div", { class: "stack tight" }, h("div", { class: "bar busy" }, h("i")), h("p", { class: "small muted" }, t("datasets.preparing.text"))),
      dataset.state === "failed" && h("p", { class: "note bad" }, icon("warn"), h("span", { class: "wrap" }, dataset.error)),
      ready && findings(dataset),
      h("div", { class: "row dataset-foot" },
        may("operator") && ready && button(t("datasets.train"), { kind: "primary", small: true, sign: "training", "data-act": "train", onclick: () => train(dataset) }),
        button(t("datasets.view"), { small: true, sign: dataset.kind === "visual" ? "image" : "chat", "data-act": "view", onclick: () => datasetSheet(dataset, reload) }),
        h("span", { class: "grow" }),
        may("operator") && button(t("delete"), { sign: "trash", small: true, only: true, kind: "ghost danger", "data-act": "delete", onclick: (event) => erase(event.currentTarget) })),
    ];
  });
  const element = h("article", { class: "card dataset", "data-id": first.id, "aria-label": first.name }, covers, body.element);
  const update = (next) => {
    dataset = next;
    showCovers();
    body.show(dataset);
  };
  return { element, update };
}
