/** The settings of a training as fields: read as numbers, with what is wrong said where it is wrong. */
import { field, h } from "../dom.js";
import { t } from "../i18n.js";

/** Settings in their order: [name, {first, visual, value, empty, words}]; `empty` is what the server takes by itself. */
const SETTINGS = [
  ["lora_rank", { first: true, value: 16 }], ["epochs", { first: true, value: 10 }],
  ["learning_rate", { first: true, empty: () => t("set.learning_rate.auto") }],
  ["resolution", { first: true, visual: true, empty: () => t("set.resolution.auto") }],
  ["trigger_words", { first: true, visual: true, words: true }],
  ["batch_size", { empty: () => "4" }], ["gradient_accumulation", { empty: () => "1" }], ["max_steps", {}], ["lora_alpha", {}],
  ["lora_dropout", { empty: () => "0" }], ["validation_split", { empty: () => "0.1" }], ["patience", { empty: () => "5" }], ["sample_every", { empty: () => "0" }],
  ["caption_dropout", { visual: true, empty: () => "0.05" }], ["min_snr_gamma", { visual: true, empty: () => "5" }], ["seed", { empty: () => "0" }],
  ["sample_prompts", { lines: true }],
];

/** A labelled control at which a fault can be said. */
export function faultField(label, control, { hint = "", wide = false } = {}) {
  const element = field(label, control, { hint, wide });
  let said = null;
  const fault = (message, next = "") => {
    said?.remove();
    said = message ? h("small", { class: "fault-text wrap", role: "alert", id: `fault-${control.name}` }, message, next && h("span", {}, next)) : null;
    if (said) {
      element.append(said);
      control.setAttribute("aria-invalid", "true");
      control.setAttribute("aria-describedby", said.id);
    } else {
      control.removeAttribute("aria-invalid");
      control.removeAttribute("aria-describedby");
    }
  };
  return { element, control, fault };
}

/** Fields for all settings; `changed` is called when one was. */
export function settingFields(changed) {
  const rows = SETTINGS.map(([name, how]) => {
    const control = how.lines ? h("textarea", { name, rows: 3 })
      : h("input", { name, value: how.value ?? "", placeholder: how.empty?.() ?? "", inputMode: how.words ? "text" : "decimal", class: how.words ? "" : "num", maxLength: how.words ? 200 : 24, autocomplete: "off" });
    const row = { name, how, ...faultField(t(`set.${name}`), control, { hint: t(`set.${name}.hint`), wide: Boolean(how.lines || how.words) }) };
    control.addEventListener("input", () => {
      row.fault("");
      changed();
    });
    return row;
  });
  const by = Object.fromEntries(rows.map((row) => [row.name, row]));
  const setKind = (kind) => rows.forEach((row) => { row.element.hidden = Boolean(row.how.visual) && kind !== "visual"; });

  /** The settings that were given, or null where one is no number, which is then said. */
  const read = () => {
    const values = {};
    let wrong = false;
    for (const { name, how, element, control, fault } of rows) {
      const text = control.value.trim();
      if (element.hidden || !text) continue;
      if (how.lines) values[name] = text.split("\n").map((line) => line.trim()).filter(Boolean);
      else if (how.words) values[name] = text;
      else if (Number.isFinite(Number(text))) values[name] = Number(text);
      else {
        wrong = true;
        fault(t("form.train.not_number"));
      }
    }
    return wrong ? null : values;
  };
  const clear = () => rows.forEach((row) => row.fault(""));
  const pick = (first) => rows.filter((row) => Boolean(row.how.first) === first).map((row) => row.element);
  return { by, first: pick(true), more: pick(false), setKind, read, clear };
}
