/** Try a sentence: what the guard would do with it, and why. */
import { post } from "../api.js";
import { button, field, fill, h, icon, select } from "../dom.js";
import { local, t } from "../i18n.js";
import { attempt } from "../notice.js";
import { session } from "../session.js";
import { marked, suggestion, tongueOf } from "../verdict.js";
import { ruleList } from "./why.js";

/** A card; `products` are documents, `changed()` is called when a word was let pass. */
export function trySentence(products, changed = () => {}) {
  const text = h("textarea", { rows: 3, maxLength: 2000, name: "sentence", placeholder: t("try.placeholder") });
  const tongue = select([["", t("say.lang.auto")], ["zh", "中文"], ["en", "English"], ["ja", "日本語"]], "", { name: "try-lang", "aria-label": t("say.lang") });
  const product = select([["", t("try.no_product")], ...products.map((p) => [p.id, local(p.name)])], "", { name: "try-product", "aria-label": t("try.product") });
  const answer = h("div", { class: "try-answer", "aria-live": "polite" });
  const judge = () => attempt(go, async () => {
    const words = text.value.trim();
    if (!words) {
      text.focus();
      return;
    }
    const lang = tongue.value || tongueOf(words);
    const found = await post("/guard/try", { room: session.room.id, text: words, lang, product_id: product.value || null });
    const verdict = { action: found.action, text: words, said: found.action === "rewrite" ? found.text : "", hits: found.hits };
    const better = suggestion(verdict);
    const kind = { allow: "good", rewrite: "info", hold: "bad" }[found.action] ?? "";
    fill(answer, h("div", { class: `try-verdict ${kind}`, "data-action": found.action }, h("div", { class: "row wrapping" }, h("span", { class: `pill ${kind}` }, t(`guard.action.${found.action}`)), h("span", { class: "small" }, t(`try.${found.action}`))),
      h("p", { class: "desk-text wrap", lang, dir: "auto" }, marked(words, found.hits)), better && h("p", { class: "why-better wrap" }, icon("tidy", "s"), h("span", {}, h("span", { class: "small faint" }, t(found.action === "rewrite" ? "try.becomes" : "guard.better")), " ", h("b", { lang }, better))),
      ruleList(verdict, () => { changed(); judge(); })));
  });
  const go = button(t("try.go"), { kind: "primary", sign: "words", onclick: judge });
  text.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) judge(); });
  return h("section", { class: "card", "data-part": "try" }, h("header", {}, h("h2", {}, icon("question"), t("try.title"))),
    h("div", { class: "stack tight" }, field(t("try.text"), text), h("div", { class: "row try-row" }, tongue, product, go), answer));
}
