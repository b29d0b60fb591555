/** Tokens: who may sign in. A secret is shown once, when it is made. */
import { get, post, remove } from "../api.js";
import { button, field, fill, h, icon, select } from "../dom.js";
import { t } from "../i18n.js";
import { attempt, confirm, done, sheet } from "../notice.js";

function showSecret(token) {
  sheet(t("tokens.made"), (close) => {
    const input = h("input", { class: "input mono", readOnly: true, value: token, "aria-label": t("login.token"), onfocus: () => input.select() });
    return {
      body: h("div", { class: "stack" }, h("p", { class: "muted" }, t("tokens.once")), input),
      footer: [button(t("copy"), { sign: "copy", onclick: async () => {
        input.select();
        await navigator.clipboard?.writeText(token).catch(() => {});
        done(t("copied"));
      } }), button(t("close"), { kind: "primary", onclick: close })],
    };
  });
}

export async function tokensCard() {
  const list = h("ul", { class: "lines" });
  const load = async () => {
    const all = await get("/auth/tokens");
    fill(list, all.map((token) => {
      const revoke = button(t("tokens.revoke"), { small: true, kind: "ghost danger", onclick: async () => {
        if (!(await confirm(t("tokens.revoke.title"), t("tokens.revoke.text", { name: token.name }), t("tokens.revoke")))) return;
        await attempt(revoke, async () => {
          await remove(`/auth/tokens/${encodeURIComponent(token.id)}`);
          await load();
        });
      } });
      return h("li", { class: "line" }, icon("key", "s"), h("div", { class: "grow" }, h("div", { class: "clip strong" }, token.name),
        h("div", { class: "small faint num" }, token.created ? new Date(token.created).toLocaleDateString() : "")),
      h("span", { class: "pill plain" }, t(`role.${token.role}`)), revoke);
    }));
  };
  const name = h("input", { maxLength: 120, placeholder: t("tokens.name.hint"), name: "token-name" });
  const role = select(["viewer", "operator", "owner"].map((r) => [r, t(`role.${r}`)]), "operator", { name: "role" });
  const make = button(t("tokens.make"), { sign: "plus", onclick: () => attempt(make, async () => {
    if (!name.value.trim()) {
      name.focus();
      return;
    }
    const made = await post("/auth/tokens", { name: name.value.trim(), role: role.value });
    name.value = "";
    await load();
    showSecret(made.token);
  }) });
  await load();
  return h("section", { class: "card" }, h("header", {}, h("h2", {}, icon("key"), t("tokens.title"))),
    h("p", { class: "small muted" }, t("tokens.text")), list,
    h("div", { class: "token-form" }, field(t("tokens.name"), name), field(t("tokens.role"), role), make));
}
