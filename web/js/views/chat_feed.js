/** Chat feed: what viewers write, and a box to write as one of them. */
import { post } from "../api.js";
import { button, empty, fill, h, icon, say } from "../dom.js";
import { t } from "../i18n.js";
import { LiveSocket } from "../live.js";
import { attempt, failed } from "../notice.js";
import { roomPath, session } from "../session.js";

const KEPT = 200;
const SIGN = { question: "question", gift: "gift", like: "heart", follow: "plus", join: "looks" };
const NAME = "na.viewer";
const KINDS = ["comment", "question", "gift", "like"];

function avatar(name) {
  let hue = 0;
  for (const c of name) hue = (hue * 31 + c.codePointAt(0)) % 360;
  const letter = [...name.trim()][0] ?? "·";
  return h("span", { class: "chat-avatar", style: { "--hue": hue }, "aria-hidden": "true" }, letter.toUpperCase());
}

function row(line) {
  const time = line.ts ? new Date(line.ts).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : "";
  const special = line.kind in SIGN && line.kind !== "question";
  return h("li", { class: `chat-line kind-${line.kind}`, "data-id": line.id }, avatar(line.user || "·"),
    h("div", { class: "grow" },
      h("div", { class: "chat-who" }, h("b", { class: "clip" }, line.user || t("chat.nobody")), h("span", { class: "faint num" }, time),
        line.answered && h("span", { class: "chat-answered", title: t("chat.answered") }, icon("check", "s"), t("chat.answered"))),
      h("p", { class: "wrap", dir: "auto" }, special && icon(SIGN[line.kind], "s"), line.text || t(`chat.did.${line.kind}`))));
}

export function chatFeed() {
  const list = h("ul", { class: "chat-list", "aria-live": "polite", "aria-label": t("chat.title"), tabindex: "0" });
  const nothing = empty("chat", t("chat.none"), t("chat.none.text"));
  const rows = new Map();
  const count = h("span", { class: "pill plain num", hidden: true });
  const newer = button(t("chat.newer"), { small: true, kind: "chat-newer", onclick: () => toEnd() });
  newer.hidden = true;
  const atEnd = () => list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  const toEnd = () => { list.scrollTop = list.scrollHeight; newer.hidden = true; };
  list.addEventListener("scroll", () => { if (atEnd()) newer.hidden = true; });

  const add = (line) => {
    if (line.type !== "chat") return;
    const old = rows.get(line.id);
    const element = row(line);
    const stick = atEnd();
    if (old) old.replaceWith(element);
    else list.append(element);
    rows.set(line.id, element);
    if (rows.size > KEPT) {
      const [first, oldest] = rows.entries().next().value;
      oldest.remove();
      rows.delete(first);
    }
    nothing.hidden = true;
    if (stick) toEnd();
    else if (!old) newer.hidden = false;
  };
  const socket = new LiveSocket(roomPath("/chat"), { message: add });

  const user = h("input", { class: "input", maxLength: 64, "aria-label": t("chat.name"), placeholder: t("chat.name"),
    value: localStorage.getItem(NAME) || t("chat.default_name"), id: "chat-user",
    onchange: () => localStorage.setItem(NAME, user.value) });
  const text = h("input", { class: "input", maxLength: 500, "aria-label": t("chat.text"), placeholder: t("chat.placeholder"),
    id: "chat-text", autocomplete: "off" });
  let kind = "comment";
  const kinds = h("div", { class: "chat-kinds", role: "group", "aria-label": t("chat.kind") }, KINDS.map((k) =>
    h("button", { type: "button", class: "chat-kind", "data-kind": k, "aria-pressed": String(k === kind), onclick: () => {
      kind = k;
      for (const b of kinds.children) b.setAttribute("aria-pressed", String(b.dataset.kind === k));
    } }, icon(SIGN[k] ?? "chat", "s"), t(`chat.kind.${k}`))));
  const send = button(t("chat.send"), { sign: "send", kind: "primary", only: true, type: "submit" });
  const form = h("form", { class: "chat-form", onsubmit: async (event) => {
    event.preventDefault();
    if (!text.value.trim() && (kind === "comment" || kind === "question")) return;
    const body = { room: session.room.id, user: user.value.trim(), text: text.value, kind };
    const answer = await attempt(send, () => post("/chat", body));
    if (!answer) return;
    if (answer.accepted === false) failed({ message: t("chat.refused"), nextStep: reasonText(answer.reason) });
    else text.value = "";
    text.focus();
  } }, kinds, user, h("div", { class: "row" }, h("div", { class: "grow" }, text), send));
  const update = (document) => {
    count.hidden = !document.chat_waiting;
    say(count, t("chat.waiting", { n: document.chat_waiting }));
  };
  const element = h("section", { class: "card chat", "aria-label": t("chat.title") },
    h("header", {}, h("h2", {}, icon("chat"), t("chat.title")), count), h("div", { class: "chat-body" }, nothing, list, newer),
    h("div", { class: "chat-as small faint" }, t("chat.as_viewer")), form);
  fill(list);
  return { element, update, close: () => socket.close() };
}

function reasonText(reason) {
  const key = `chat.reason.${reason}`;
  const words = t(key);
  return words === key ? reason ?? "" : words;
}
