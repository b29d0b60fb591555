/** A data set: its address and its size in words. */
import { t } from "../i18n.js";

/** The address of a data set, or of something in it; file names may hold slashes. */
export const datasetPath = (dataset, ...rest) =>
  ["/training/datasets", encodeURIComponent(dataset.id), ...rest.map((part) => part.split("/").map(encodeURIComponent).join("/"))].join("/");

/** How much is in it. */
export const countOf = (dataset) => t(dataset.kind === "visual" ? "datasets.pictures" : "datasets.dialogues", { n: dataset.items });
