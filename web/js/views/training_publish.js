/** Publishing: what a training made goes into the catalogue, with what its owner says of it. */
import { post } from "../api.js";
import { button, fill, h, icon } from "../dom.js";
import { t } from "../i18n.js";
import { done, sheet } from "../notice.js";
import { saidFields } from "./adapter_upload.js";

const wordsOf = (settings) => [settings.trigger_words ?? []].flat().flatMap((words) => String(words).split(",")).map((word) => word.trim()).filter(Boolean);

/** Open the sheet; `saved` is called when it is in the catalogue. */
export function publishSheet(job, path, saved) {
  sheet(t("job.publish.title", { name: job.name }), (close) => {
    const said = saidFields({ name: job.name, kind: job.kind, trigger_words: wordsOf(job.settings) });
    const refused = h("div", {});
    const go = button(t("job.publish"), { kind: "primary", sign: "adapters", onclick: async () => {
      go.disabled = true;
      fill(refused);
      try {
        const made = await post(path, said.read());
        done(t("job.publish.done", { name: made.name }));
        close();
        saved();
      } catch (error) {
        const offline = error.code === "offline";
        fill(refused, h("div", { class: "note bad", role: "alert" }, icon("warn"), h("div", { class: "grow wrap" }, h("b", {}, t(offline ? "error.offline" : "job.publish.not")),
          !offline && h("p", { class: "small" }, error.message), h("p", { class: "small next-step" }, offline ? t("error.offline.next") : error.nextStep))));
        refused.firstChild.scrollIntoView({ block: "nearest" });
      } finally {
        go.disabled = false;
      }
    } });
    return { body: h("div", { class: "stack" }, h("p", { class: "muted" }, t("job.publish.text")), refused, said.element), footer: [button(t("cancel"), { onclick: close }), go] };
  });
}
