/** Toasts and dialogs. */
import { button, fill, h, icon } from "./dom.js";
import { t } from "./i18n.js";

const SHOWN_MS = { good: 3500, bad: 9000 };

/** Where toasts go: into the topmost dialog while one is open, which else would cover them. */
function place() {
  const page = document.getElementById("toasts");
  const dialog = [...document.querySelectorAll("dialog[open]")].at(-1);
  if (!dialog) return page;
  let list = dialog.querySelector(":scope > .toasts");
  if (!list) {
    list = h("div", { class: "toasts", role: "status", "aria-live": "polite" });
    dialog.append(list);
  }
  return list;
}

function toast(kind, title, text) {
  const box = h("div", { class: `toast ${kind}`, role: kind === "bad" ? "alert" : "status" },
    icon(kind === "bad" ? "warn" : "check"),
    h("div", { class: "grow wrap" }, h("b", {}, title), text && h("p", {}, text)));
  const close = h("button", { type: "button", "aria-label": t("close"), onclick: () => box.remove() }, icon("close", "s"));
  box.append(close);
  const list = place();
  list.append(box);
  while (list.children.length > 4) list.firstChild.remove();
  setTimeout(() => box.remove(), SHOWN_MS[kind]);
}

export const done = (title, text = "") => toast("good", title, text);

/** Show an error: what happened and what to do. */
export function failed(error) {
  if (error.code === "offline") toast("bad", t("error.offline"), t("error.offline.next"));
  else if (error.status === 401) toast("bad", t("error.signed_out"), "");
  else if (error.status === 403) toast("bad", t("error.forbidden"), error.nextStep || error.message);
  else toast("bad", error.message, error.nextStep ?? "");
}

/** Run `work` while `control` is busy; errors become toasts. Returns what `work` returned, or undefined. */
export async function attempt(control, work) {
  if (control) control.disabled = true;
  try {
    return await work();
  } catch (error) {
    failed(error);
    if (!("status" in error)) console.error(error);
    return undefined;
  } finally {
    if (control) control.disabled = false;
  }
}

/** Open a dialog; `build(close)` gives `{body, footer}`. Closes on Escape and on a click outside. */
export function sheet(title, build, { wide = false, closed = () => {} } = {}) {
  const dialog = h("dialog", { "aria-label": title });
  const close = () => dialog.close();
  const box = h("div", { class: `sheet${wide ? " wide" : ""}` });
  const { body, footer } = build(close);
  fill(box,
    h("header", {}, h("h2", {}, title), button(t("close"), { sign: "close", kind: "ghost", small: true, only: true, onclick: close })),
    h("div", { class: "body" }, body), footer && h("footer", {}, footer));
  dialog.append(box);
  dialog.addEventListener("mousedown", (event) => event.target === dialog && close());
  dialog.addEventListener("close", () => {
    const left = [...dialog.querySelectorAll(".toast")];
    dialog.remove();
    if (left.length) place().append(...left);
    closed();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Ask before something that can't be undone; resolves to true or false. */
export function confirm(title, text, action) {
  return new Promise((resolve) => {
    let answer = false;
    sheet(title, (close) => ({
      body: h("p", { class: "muted wrap" }, text),
      footer: [
        button(t("cancel"), { onclick: close, autofocus: true }),
        button(action, { kind: "danger", sign: "trash", onclick: () => { answer = true; close(); } }),
      ],
    }), { closed: () => resolve(answer) });
  });
}
