/** Adding an adapter: a file goes in, and comes out in the catalogue or refused with the reason. */
import { upload } from "../api.js";
import { button, field, fill, h, icon, say, select } from "../dom.js";
import { bytes, known, t } from "../i18n.js";
import { done, sheet } from "../notice.js";

const CONFIG = "adapter_config.json";
const LIKENESS = ["none", "person", "unknown"];

/** The fields that a person fills in, for the upload and for changing them later. */
export function saidFields(values) {
  const name = h("input", { name: "name", maxLength: 80, value: values.name ?? "" });
  const licence = h("input", { name: "licence", maxLength: 200, value: values.licence ?? "", placeholder: t("adapters.licence.hint") });
  const words = h("input", { name: "trigger_words", maxLength: 600, value: (values.trigger_words ?? []).join(", ") });
  const by = h("input", { name: "consent_by", maxLength: 120, value: values.consent?.by ?? "" });
  const note = h("input", { name: "consent_note", maxLength: 1000, value: values.consent?.note ?? "" });
  const consent = h("div", { class: "fields wide" }, field(t("adapters.consent_by"), by), field(t("adapters.consent_note"), note));
  const likeness = select(LIKENESS.map((v) => [v, t(`adapters.likeness.${v}`)]), values.likeness ?? "unknown", { name: "likeness" });
  const show = () => { consent.hidden = likeness.value !== "person"; };
  likeness.addEventListener("change", show);
  show();
  const element = h("div", { class: "fields" }, field(t("adapters.name"), name), field(t("adapters.licence"), licence),
    field(t("adapters.words"), words, { wide: true, hint: t("adapters.words.hint") }),
    values.kind !== "language" && field(t("adapters.likeness"), likeness, { wide: true, hint: t("adapters.likeness.hint") }), values.kind !== "language" && consent);
  const read = () => ({ name: name.value.trim(), licence: licence.value.trim(), likeness: likeness.value,
    consent_by: likeness.value === "person" ? by.value.trim() : "", consent_note: likeness.value === "person" ? note.value.trim() : "", trigger_words: words.value.trim() });
  return { element, read, name };
}

/** What the server said against a file: in the user's words, then in its own, then what to do. */
function refusal(error) {
  const key = `refusal.${error.reason}`;
  const offline = error.code === "offline";
  return h("div", { class: "note bad", role: "alert" }, icon("warn"), h("div", { class: "grow wrap" },
    h("b", {}, t(offline ? "error.offline" : error.status === 422 ? "adapters.refused" : "adapters.not_added")), known(key) && h("p", {}, t(key)),
    !offline && h("p", { class: "small" }, error.message),
    h("p", { class: "small next-step" }, offline ? t("error.offline.next") : error.nextStep)));
}

/** Open the dialog; `saved` is called when the catalogue has one more. */
export function uploadSheet(saved) {
  let given = null;
  sheet(t("adapters.add"), (close) => {
    const said = saidFields({});
    const input = h("input", { type: "file", accept: ".safetensors,.json", multiple: true, class: "visually-hidden", id: "adapter-file" });
    const label = h("b", { class: "wrap" }, t("adapters.drop"));
    const hint = h("span", { class: "small faint" }, t("adapters.drop.hint"));
    const drop = h("label", { class: "drop short", for: "adapter-file" }, icon("adapters", "l"), label, hint, input);
    const bar = h("div", { class: "bar", role: "progressbar", "aria-label": t("adapters.upload"), "aria-valuemin": 0, "aria-valuemax": 100 }, h("i"));
    const how = h("span", { class: "small faint num", role: "status" });
    const going = h("div", { class: "stack tight", hidden: true }, bar, how);
    const refused = h("div", {});
    let file = null;
    let config = null;
    const take = (files) => {
      if (given) return;
      for (const f of files) {
        if (f.name.toLowerCase().endsWith(".json")) config = f;
        else file = f;
      }
      fill(refused);
      if (!file) {
        if (config) say(hint, CONFIG);
        return;
      }
      say(label, file.name);
      say(hint, [bytes(file.size), config && CONFIG].filter(Boolean).join(" · "));
      if (!said.name.value) said.name.value = file.name.replace(/\.[^.]+$/, "").slice(0, 80);
      go.disabled = false;
    };
    input.addEventListener("change", () => take(input.files));
    for (const name of ["dragenter", "dragover", "dragleave", "drop"]) drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", name === "dragenter" || name === "dragover");
      if (name === "drop") take(event.dataTransfer.files);
    });
    const show = (share, sent, all) => {
      const percent = Math.round(share * 100);
      bar.firstChild.style.setProperty("width", `${percent}%`);
      bar.setAttribute("aria-valuenow", percent);
      bar.classList.toggle("busy", share === 1);
      say(how, share < 1 ? t("adapters.progress", { done: bytes(sent), all: bytes(all) }) : t("adapters.checking"));
    };
    const go = button(t("adapters.upload"), { kind: "primary", sign: "upload", disabled: true, onclick: async () => {
      const form = new FormData();
      for (const [key, value] of Object.entries(said.read())) form.append(key, value);
      if (config) form.append("config", config);
      form.append("file", file);
      fill(refused);
      given = new AbortController();
      going.hidden = false;
      go.disabled = true;
      show(0, 0, file.size);
      try {
        const made = await upload("/adapters", form, show, given.signal);
        done(t("adapters.uploaded", { name: made.name }));
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
    // While a file is on its way the button ends that; what was typed stays.
    const cancel = button(t("cancel"), { onclick: () => (given ? given.abort() : close()) });
    return { body: h("div", { class: "stack" }, drop, refused, said.element), footer: [h("div", { class: "grow" }, going), cancel, go] };
  }, { closed: () => given?.abort() });
}
