/** Login: one token, nothing else. */
import { brandMark, button, field, fill, h, icon } from "../dom.js";
import { lang, setLang, t } from "../i18n.js";

export function login(app, enter, problem = null) {
  const input = h("input", { type: "password", name: "token", autocomplete: "current-password", required: true,
    spellcheck: false, placeholder: "na_…", autofocus: true });
  const error = h("div", { class: "note bad", role: "alert", hidden: true });
  const go = button(t("login.go"), { kind: "primary block", type: "submit" });
  const reject = (e) => {
    fill(error, icon("warn", "s"), h("div", { class: "wrap" }, h("b", {}, e.status === 401 ? t("login.wrong")
      : e.code === "offline" ? t("error.offline") : e.message), h("p", { class: "small" }, e.status === 401 ? t("login.help")
        : e.nextStep ?? "")));
    error.hidden = false;
    input.setAttribute("aria-invalid", "true");
  };
  const form = h("form", { class: "card login-card stack", onsubmit: async (event) => {
    event.preventDefault();
    go.disabled = true;
    error.hidden = true;
    try {
      await enter(input.value.trim());
    } catch (e) {
      reject(e);
      go.disabled = false;
      input.select();
    }
  } },
    h("div", {}, h("h1", {}, t("login.title")), h("p", { class: "muted" }, t("login.lead"))),
    field(t("login.token"), input), error, go, h("p", { class: "small faint" }, t("login.help")));
  const again = () => login(app, enter, problem);
  fill(app, h("div", { class: "login" },
    h("div", { class: "login-side" },
      h("div", { class: "brand" }, brandMark(40)),
      h("p", { class: "login-claim" }, t("login.claim")), h("p", { class: "login-sub" }, t("login.sub"))),
    h("main", { class: "login-main" }, form,
      button(lang() === "zh" ? "English" : "中文", { sign: "globe", kind: "ghost", small: true, id: "lang-switch",
        onclick: () => { setLang(lang() === "zh" ? "en" : "zh"); again(); } }))));
  if (problem) reject(problem);
  input.focus();
}
