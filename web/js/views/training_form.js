/** A new training: data, a name, few settings and, as they change, what it will take. */
import { get, post } from "../api.js";
import { button, fill, h, icon, say, select } from "../dom.js";
import { t } from "../i18n.js";
import { done, sheet } from "../notice.js";
import { countOf } from "./dataset.js";
import { planView } from "./training_plan.js";
import { faultField, settingFields } from "./training_settings.js";

const DEBOUNCE_MS = 350;
const NAME = 60;

/** The field that an error is about: its reason, or the path of a value that the border refused. */
const placeOf = (error) => error.reason || (error.errors[0]?.field ?? "").split(".").at(-1);

/** Open the form for one of `datasets`; `chosen` is taken at first, `saved` is called when it was started. */
export async function trainingForm(datasets, chosen, saved) {
  const ready = datasets.filter((d) => d.state === "ready");
  const adapters = (await get("/adapters").catch(() => [])).filter((a) => a.state === "ready");
  let open = true;
  let timer = 0;
  sheet(t("form.train.title"), (close) => {
    const data = select(ready.map((d) => [d.id, `${d.name} · ${countOf(d)}`]), chosen?.id ?? ready[0].id, { name: "dataset" });
    const kind = h("span", { class: "pill plain" });
    const name = h("input", { name: "name", maxLength: NAME });
    const init = h("select", { name: "init_from" });
    const plan = planView();
    const fields = settingFields(() => later());
    const more = h("details", { class: "more" }, h("summary", {}, t("form.train.more")), h("div", { class: "fields three" }, fields.more));
    const general = h("div", {});
    const places = { dataset: faultField(t("form.train.dataset"), data, { wide: true }), name: faultField(t("form.train.name"), name),
      init_from: faultField(t("form.train.init"), init, { hint: t("form.train.init.hint") }), ...fields.by };
    let named = "", worded = "", asked = 0;

    const set = () => ready.find((d) => d.id === data.value);
    function follow() {
      const dataset = set();
      fill(kind, icon(dataset.kind === "visual" ? "brush" : "chat", "s"), t(`job.kind.${dataset.kind}`));
      if (!name.value || name.value === named) name.value = named = dataset.name.slice(0, NAME);
      const words = fields.by.trigger_words.control;
      if (!words.value || words.value === worded) words.value = worded = dataset.trigger;
      fields.setKind(dataset.kind);
      fill(init, h("option", { value: "" }, t("form.train.init.none")), adapters.filter((a) => a.kind === dataset.kind).map((a) => h("option", { value: a.id }, a.name)));
      continued();
    }
    /** An adapter that is continued gives the rank. */
    function continued() {
      const { control, element } = fields.by.lora_rank;
      const from = adapters.find((a) => a.id === init.value);
      if (from) control.value = from.rank;
      control.readOnly = Boolean(from);
      say(element.querySelector("small"), t(from ? "form.train.from_adapter" : "set.lora_rank.hint"));
      later();
    }
    const body = (settings) => ({ name: name.value.trim() || set().name.slice(0, NAME), kind: set().kind, dataset: data.value, settings, init_from: init.value || null });

    /** Say an error where it belongs; whether it belonged to a field. */
    function place(error) {
      const at = places[placeOf(error)];
      if (!at) return null;
      // The field is named already.
      const said = error.message.startsWith(`${at.control.name}: `) ? error.message.slice(at.control.name.length + 2) : error.message;
      at.fault(said, error.nextStep);
      if (more.contains(at.control)) more.open = true;
      return at;
    }
    function later() {
      clearTimeout(timer);
      plan.waiting();
      timer = setTimeout(explain, DEBOUNCE_MS);
    }
    async function explain() {
      const settings = fields.read();
      if (!settings) {
        plan.fix();
        return;
      }
      const mine = (asked += 1);
      try {
        const answer = await post("/training/explain", body(settings));
        if (!open || mine !== asked) return;
        fields.clear();
        plan.show(answer);
      } catch (error) {
        if (!open || mine !== asked) return;
        if (place(error)) plan.fix();
        else plan.refused(error);
      }
    }
    async function start() {
      fill(general);
      places.name.fault(name.value.trim() ? "" : t("form.train.need_name"));
      const settings = fields.read();
      const wrong = !name.value.trim() ? places.name : !settings ? Object.values(places).find((p) => p.control.getAttribute("aria-invalid")) : null;
      if (wrong) {
        if (more.contains(wrong.control)) more.open = true;
        wrong.control.focus();
        return;
      }
      go.disabled = true;
      try {
        const made = await post("/training/jobs", body(settings));
        done(t("form.train.started", { name: made.name }));
        close();
        saved(made);
      } catch (error) {
        const at = place(error);
        if (at) at.control.focus();
        else {
          const offline = error.code === "offline";
          fill(general, h("div", { class: "note bad", role: "alert" }, icon("warn"), h("div", { class: "grow wrap" }, h("b", {}, offline ? t("error.offline") : error.message),
            h("p", { class: "small next-step" }, offline ? t("error.offline.next") : error.nextStep))));
          general.scrollIntoView({ block: "nearest" });
        }
      } finally {
        go.disabled = false;
      }
    }
    data.addEventListener("change", () => { places.dataset.fault(""); follow(); });
    init.addEventListener("change", () => { places.init_from.fault(""); continued(); });
    name.addEventListener("input", () => places.name.fault(""));
    const go = button(t("form.train.go"), { kind: "primary", sign: "play", onclick: start });
    follow();
    return { body: h("div", { class: "training-form" }, h("div", { class: "stack" }, general,
      h("div", { class: "data-choice" }, places.dataset.element, kind),
      h("div", { class: "fields" }, places.name.element, places.init_from.element, fields.first)), plan.element, more),
    footer: [button(t("cancel"), { onclick: close }), go] };
  }, { wide: true, closed: () => { open = false; clearTimeout(timer); } });
}
