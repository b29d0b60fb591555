/** What is in a data set: pictures with captions that are changed in place, or dialogues; and preparing it again. */
import { get, post, put } from "../api.js";
import { button, field, fill, h, icon, say, select } from "../dom.js";
import { t } from "../i18n.js";
import { attempt, done, failed, sheet } from "../notice.js";
import { may } from "../session.js";
import { countOf, datasetPath } from "./dataset.js";
import { codeWord } from "./findings.js";

const PAGE = 60;
const SAVED_MS = 2500;

const pills = (item) => item.codes.length > 0 && h("div", { class: "row wrapping item-codes" }, item.codes.map((code) => h("span", { class: "pill warn" }, codeWord(code))));

/** A caption that is saved on Enter and when it is left; what the server refuses stays as it was typed. */
function caption(dataset, item) {
  if (!may("operator")) return h("p", { class: "small wrap" }, item.prompt || h("span", { class: "faint" }, t("datasets.no_caption")));
  const input = h("textarea", { class: "input", rows: 3, maxLength: 2000, value: item.prompt, placeholder: t("datasets.no_caption"), "aria-label": t("datasets.caption", { file: item.file_name }) });
  const said = h("span", { class: "small faint", role: "status" });
  const fault = h("div", {});
  let kept = item.prompt;
  let sending = null;
  let timer = 0;
  const save = async () => {
    const prompt = input.value.trim();
    if (prompt === kept || prompt === sending) return;
    sending = prompt;
    clearTimeout(timer);
    say(said, t("datasets.caption.saving"));
    try {
      kept = (await put(datasetPath(dataset, "items", item.file_name), { prompt })).prompt;
      fill(fault);
      input.removeAttribute("aria-invalid");
      say(said, t("datasets.caption.saved"));
      timer = setTimeout(() => say(said, ""), SAVED_MS);
    } catch (error) {
      say(said, "");
      input.setAttribute("aria-invalid", "true");
      fill(fault, h("p", { class: "small bad-text wrap", role: "alert" }, error.code === "offline" ? t("error.offline") : [error.message, error.nextStep].filter(Boolean).join(" ")));
    } finally {
      sending = null;
    }
  };
  input.addEventListener("blur", save);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    save();
  });
  return [input, said, fault];
}

function picture(dataset, item) {
  const image = h("img", { src: `${datasetPath(dataset, "pictures", item.file_name)}?size=240`, alt: item.prompt, loading: "lazy" });
  image.addEventListener("error", () => image.replaceWith(h("span", { class: "cover-none" }, icon("image", "l"))));
  return h("li", { class: "item" }, h("div", { class: "item-picture" }, image, pills(item)),
    h("p", { class: "small faint row between" }, h("span", { class: "clip mono", title: item.file_name }, item.file_name), item.width > 0 && h("span", { class: "num" }, `${item.width}×${item.height}`)),
    caption(dataset, item));
}

const dialogue = (dataset, item) => h("li", { class: "dialogue" },
  h("p", { class: "wrap ask" }, h("span", { class: "small faint" }, t("datasets.question")), item.prompt),
  h("p", { class: "wrap reply" }, h("span", { class: "small faint" }, t("datasets.answer")), item.answer), pills(item));

/** The bar that has it prepared again. */
function preparing(dataset, close, reload) {
  const trigger = h("input", { name: "trigger", maxLength: 60, value: dataset.trigger });
  const how = select(["missing", "all", "none"].map((v) => [v, t(`datasets.prepare.${v}`)]), "missing", { name: "caption" });
  const go = button(t("datasets.prepare"), { sign: "tidy", onclick: () => attempt(go, async () => {
    await post(datasetPath(dataset, "prepare"), { trigger: trigger.value.trim(), caption: how.value });
    done(t("datasets.preparing"));
    close();
    await reload();
  }) });
  go.disabled = dataset.state === "preparing";
  const visual = dataset.kind === "visual";
  return h("div", { class: "prepare-bar" }, visual && field(t("datasets.trigger"), trigger), visual && field(t("datasets.prepare.caption"), how), go);
}

/** Open the sheet; `reload` is called when it is prepared again. */
export function datasetSheet(dataset, reload) {
  const visual = dataset.kind === "visual";
  sheet(dataset.name, (close) => {
    const list = h("ul", { class: visual ? "items" : "dialogues" });
    const more = button("", { hidden: true, onclick: () => load() });
    const busy = h("p", { class: "faint small loading" }, t("loading"));
    let shown = 0;
    const load = () => attempt(more, async () => {
      const { total, items } = await get(`${datasetPath(dataset, "items")}?offset=${shown}&limit=${PAGE}`);
      busy.remove();
      const made = items.map((item) => (visual ? picture : dialogue)(dataset, item));
      list.append(...made);
      if (shown) made[0]?.querySelector("textarea")?.focus({ preventScroll: true });
      shown += items.length;
      const left = items.length ? Math.min(PAGE, total - shown) : 0;
      more.hidden = left <= 0;
      fill(more, h("span", {}, t(visual ? "datasets.items_more" : "datasets.dialogues_more", { n: left })));
    });
    load().catch(failed);
    return { body: h("div", { class: "stack" },
      h("p", { class: "small muted" }, [countOf(dataset), visual && may("operator") && t("datasets.caption.help")].filter(Boolean).join(" · ")),
      may("operator") && preparing(dataset, close, reload), busy, list, h("div", { class: "row center" }, more)) };
  }, { wide: true });
}
