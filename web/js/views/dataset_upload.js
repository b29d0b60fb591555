/** Adding a data set: pictures, a folder, tables or a zip go in; what is wrong with them is said on its card. */
import { upload } from "../api.js";
import { button, field, fill, h, icon, say, segments } from "../dom.js";
import { bytes, t } from "../i18n.js";
import { done, sheet } from "../notice.js";
import { ACCEPT, chosen, dropped, Parcel } from "./dataset_files.js";

const MOST_FILES = 1000;
const PREVIEWS = 6;

function refusal(error) {
  const offline = error.code === "offline";
  return h("div", { class: "note bad", role: "alert" }, icon("warn"), h("div", { class: "grow wrap" },
    h("b", {}, t(offline ? "error.offline" : "datasets.not_added")), !offline && h("p", { class: "small" }, error.message),
    h("p", { class: "small next-step" }, offline ? t("error.offline.next") : error.nextStep)));
}

/** Open the dialog; `saved` is called when there is one more. */
export function datasetUpload(saved) {
  let given = null;
  let urls = [];
  const forget = () => {
    urls.forEach((url) => URL.revokeObjectURL(url));
    urls = [];
  };
  sheet(t("datasets.add"), (close) => {
    const parcel = new Parcel();
    const some = h("input", { type: "file", accept: ACCEPT, multiple: true, class: "visually-hidden", id: "dataset-files" });
    const whole = h("input", { type: "file", webkitdirectory: true, multiple: true, class: "visually-hidden", id: "dataset-folder" });
    const choose = (input, label, sign) => h("label", { class: "btn small", for: input.id }, icon(sign, "s"), h("span", {}, label), input);
    const sum = h("b", { class: "drop-sum wrap", role: "status" }, t("datasets.drop"));
    const hint = h("span", { class: "small faint wrap" }, t("datasets.drop.hint"));
    const previews = h("div", { class: "drop-previews", hidden: true });
    const clear = button(t("datasets.clear"), { small: true, kind: "ghost", sign: "back", hidden: true, onclick: () => { parcel.clear(); show(); } });
    const drop = h("div", { class: "drop short" }, previews, icon("upload", "l"), sum, hint,
      h("div", { class: "row wrapping center" }, choose(some, t("datasets.choose"), "image"), choose(whole, t("datasets.choose_folder"), "folder"), clear));
    const left = h("p", { class: "small faint wrap", hidden: true });
    const name = h("input", { name: "name", maxLength: 60 });
    const trigger = h("input", { name: "trigger", maxLength: 60 });
    const triggerField = field(t("datasets.trigger"), trigger, { hint: t("datasets.trigger.hint"), wide: true });
    const about = h("small", { class: "faint" });
    let kind = "visual";
    const setKind = (value) => {
      kind = value;
      triggerField.hidden = kind !== "visual";
      say(about, t(`datasets.kind.${kind}.about`));
      for (const b of kinds.children) b.setAttribute("aria-pressed", String(b.dataset.value === kind));
    };
    const kinds = segments(["visual", "language"].map((v) => [v, t(`datasets.kind.${v}`)]), kind, setKind, t("datasets.kind"));
    const refused = h("div", {});
    const bar = h("div", { class: "bar", role: "progressbar", "aria-label": t("datasets.upload"), "aria-valuemin": 0, "aria-valuemax": 100 }, h("i"));
    const how = h("span", { class: "small faint num", role: "status" });
    const going = h("div", { class: "stack tight", hidden: true }, bar, how);

    function show() {
      const n = parcel.files.size;
      const parts = ["pictures", "captions", "tables", "zips"].map((k) => [k, parcel.count(k)]).filter(([, count]) => count);
      say(sum, n ? parts.map(([k, count]) => t(`datasets.sum.${k}`, { n: count })).join(t("comma")) : t("datasets.drop"));
      say(hint, n ? bytes(parcel.bytes) : t("datasets.drop.hint"));
      forget();
      urls = parcel.pictures(PREVIEWS).map((file) => URL.createObjectURL(file));
      fill(previews, urls.map((src) => {
        const image = h("img", { src, alt: "" });
        image.addEventListener("error", () => image.remove());
        return image;
      }));
      previews.hidden = !urls.length;
      drop.classList.toggle("filled", n > 0);
      left.hidden = !parcel.unknown.length;
      say(left, t("datasets.left_out", { names: [...new Set(parcel.unknown)].slice(0, 5).join(t("comma")) }));
      clear.hidden = !n;
      fill(refused, n > MOST_FILES && h("p", { class: "note bad", role: "alert" }, icon("warn"), t("datasets.too_many", { n: MOST_FILES })));
      go.disabled = !n || n > MOST_FILES || Boolean(given);
    }
    const take = (pairs) => {
      if (given) return;
      parcel.take(pairs);
      if (parcel.kind) setKind(parcel.kind);
      if (!name.value && parcel.name) name.value = parcel.name.slice(0, 60);
      show();
    };
    for (const input of [some, whole]) input.addEventListener("change", () => {
      take(chosen(input.files));
      input.value = "";
    });
    for (const event of ["dragenter", "dragover", "dragleave", "drop"]) drop.addEventListener(event, async (e) => {
      e.preventDefault();
      drop.classList.toggle("over", event === "dragenter" || event === "dragover");
      if (event === "drop") take(await dropped(e.dataTransfer));
    });
    const progress = (share, sent, all) => {
      const percent = Math.round(share * 100);
      bar.firstChild.style.setProperty("width", `${percent}%`);
      bar.setAttribute("aria-valuenow", percent);
      bar.classList.toggle("busy", share === 1);
      say(how, share < 1 ? t("datasets.progress", { done: bytes(sent), all: bytes(all) }) : t("datasets.arriving"));
    };
    const go = button(t("datasets.upload"), { kind: "primary", sign: "upload", disabled: true, onclick: async () => {
      const form = new FormData();
      const called = name.value.trim() || parcel.name || t(`datasets.kind.${kind}`);
      form.append("name", called);
      form.append("kind", kind);
      form.append("trigger", kind === "visual" ? trigger.value.trim() : "");
      for (const [path, file] of parcel.files) form.append("files", file, path);
      fill(refused);
      given = new AbortController();
      going.hidden = false;
      go.disabled = true;
      progress(0, 0, parcel.bytes);
      try {
        await upload("/training/datasets", form, progress, given.signal);
        done(t("datasets.added", { name: called }));
        close();
        saved();
      } catch (error) {
        if (error.code !== "given_up") fill(refused, refusal(error));
        refused.firstChild?.scrollIntoView({ block: "nearest" });
      } finally {
        given = null;
        going.hidden = true;
        go.disabled = false;
      }
    } });
    setKind(kind);
    // While files are on their way the button ends that; what was chosen and typed stays.
    const cancel = button(t("cancel"), { onclick: () => (given ? given.abort() : close()) });
    return { body: h("div", { class: "stack" }, drop, left, refused, h("div", { class: "fields" },
      h("div", { class: "field" }, h("span", {}, t("datasets.kind")), h("div", {}, kinds), about), field(t("datasets.name"), name), triggerField)),
    footer: [h("div", { class: "grow" }, going), cancel, go] };
  }, { closed: () => { given?.abort(); forget(); } });
}
