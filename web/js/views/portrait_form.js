/** Portrait form: a presenter painted by the visual base. */
import { post } from "../api.js";
import { button, field, h, select } from "../dom.js";
import { t } from "../i18n.js";
import { attempt, done, sheet } from "../notice.js";
import { weightField, withheld } from "./adapters.js";

/** Ask for a portrait; `looks` and `adapters` are what one may begin from, `saved` is called when it is under way. */
export function portraitForm(looks, adapters, saved) {
  sheet(t("portrait.title"), (close) => {
    const name = h("input", { maxLength: 80, name: "name" });
    const prompt = h("textarea", { rows: 3, maxLength: 2000, required: true, value: t("portrait.prompt.default"), name: "prompt" });
    const negative = h("input", { maxLength: 2000, name: "negative" });
    const seed = h("input", { type: "number", min: 0, max: 4294967295, name: "seed" });
    const steps = h("input", { type: "number", min: 1, max: 100, name: "steps" });
    const adapter = select([["", t("persona.no_adapter")], ...adapters.filter((a) => a.kind === "visual" && !withheld(a)).map((a) => [a.id, a.name])], "", { name: "visual_id" });
    const weight = weightField(t("persona.weight"), 1);
    const init = select([["", t("portrait.init.none")], ...looks.filter((l) => l.state === "ready").map((l) => [l.id, l.name])], "", { name: "init_look" });
    const strength = weightField(t("portrait.strength"), 0.6, { min: 0.05, max: 1 });
    const show = () => {
      weight.element.hidden = !adapter.value;
      strength.element.hidden = !init.value;
    };
    for (const control of [adapter, init]) control.addEventListener("change", show);
    show();
    const go = button(t("portrait.add"), { kind: "primary", sign: "brush", onclick: () => attempt(go, async () => {
      if (![prompt, seed, steps].every((c) => c.reportValidity())) return;
      const body = { name: name.value.trim(), prompt: prompt.value.trim(), negative: negative.value.trim(), weight: weight.value(), strength: strength.value() };
      if (seed.value) body.seed = Number(seed.value);
      if (steps.value) body.steps = Number(steps.value);
      if (adapter.value) body.visual_id = adapter.value;
      if (init.value) body.init_look = init.value;
      await post("/looks/portrait", body);
      done(t("portrait.started"), t("portrait.started.text"));
      close();
      saved();
    }) });
    return { body: h("div", { class: "fields" }, field(t("looks.name"), name, { wide: true }), field(t("portrait.prompt"), prompt, { wide: true }), field(t("portrait.negative"), negative, { wide: true }),
      field(t("persona.visual"), adapter), field(t("portrait.init"), init), weight.element, strength.element, field(t("portrait.seed"), seed, { hint: t("portrait.seed.hint") }), field(t("portrait.steps"), steps, { hint: t("portrait.steps.hint") })),
    footer: [button(t("cancel"), { onclick: close }), go] };
  }, { wide: true });
}
