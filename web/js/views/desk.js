/** Desk: what is written, from which facts, what the guard thinks of it, and what is said in the end. */
import { get } from "../api.js";
import { button, changing, empty, fill, h, icon, say } from "../dom.js";
import { DeskLog, shownUnder } from "../desk_log.js";
import { known, number, t } from "../i18n.js";
import { LiveSocket, status } from "../live.js";
import { roomPath, session } from "../session.js";
import { deskCard } from "./desk_card.js";

const FILTERS = ["all", "question", "hold", "rewrite", "override", "skipped"];
const SHOWN = 80;
const BAD = ["down", "slow", "garbage", "fallback"];
const engineName = (engine) => (known(`desk.engine.${engine}`) ? t(`desk.engine.${engine}`) : engine ?? "");

/** What writes and whether it does: a card of its own, and a banner above all while it does not. */
function writerState() {
  const card = changing(h("section", { class: "card writer-card" }), ([writer, state]) => [
    h("header", {}, h("h2", {}, icon("desk"), t("desk.writer")), h("span", { class: `pill ${{ ok: "good", off: "info", slow: "warn", fallback: "warn" }[state] ?? "bad"}` }, t(`writer.state.${state}`))),
    h("b", {}, engineName(writer?.engine)), writer?.name && writer.name !== writer.engine && h("p", { class: "small muted wrap" }, writer.name), h("p", { class: "small faint wrap" }, known(`writer.${state}`) ? t(`writer.${state}`) : ""),
    writer?.first_ms || writer?.tokens_per_s ? h("dl", { class: "facts small writer-facts" }, writer.first_ms && [h("dt", {}, t("writer.first")), h("dd", { class: "num" }, `${number(Math.round(writer.first_ms))} ms`)],
      writer.tokens_per_s && [h("dt", {}, t("writer.speed")), h("dd", { class: "num" }, number(writer.tokens_per_s, { maximumFractionDigits: 1 }))]) : null]);
  const banner = changing(h("div", { class: "writer-banner", role: "alert" }), ([trouble, name, message]) => trouble && h("div", { class: "writer", "data-state": trouble }, icon("warn"),
    h("div", { class: "grow wrap" }, h("b", {}, t(`writer.${trouble}`)), h("p", { class: "small" }, [name && engineName(name), message].filter(Boolean).join(" · ")))));
  const update = (writer, engine) => {
    const trouble = writer ? (writer.state === "down" ? writer.trouble ?? "down" : writer.state) : engine?.state ?? "off";
    // One engine writes while another, which comes first, does not.
    const state = trouble === "ok" && writer?.message ? "fallback" : trouble;
    const message = [writer?.message ?? engine?.message, writer?.next_step].filter(Boolean).join(" ");
    card.element.hidden = !writer && !engine;
    card.show([writer ?? engine ?? null, state]);
    banner.show([BAD.includes(state) ? state : "", writer?.engine ?? engine?.engine ?? "", message]);
  };
  return { card: card.element, banner: banner.element, update };
}

/** The sentence on air, small. */
function nowCard() {
  const text = h("p", { class: "wrap" });
  const fillBar = h("i");
  const bar = h("div", { class: "bar" }, fillBar);
  const element = h("section", { class: "card desk-now" }, h("header", {}, h("h2", {}, icon("mic"), t("speech.now"))), text, bar);
  return { element, update: (document) => {
    const now = document.now;
    say(text, now ? now.text || t("speech.voice") : t(document.paused ? "speech.paused" : document.on_air ? "speech.silent" : "speech.off"));
    text.lang = now?.lang ?? "";
    bar.hidden = !now;
    if (now) fillBar.style.setProperty("width", `${Math.min(100, (100 * now.elapsed_s) / (now.duration_s || 1)).toFixed(1)}%`);
  } };
}

export async function desk(page) {
  const products = new Map((await get(`/products?room=${encodeURIComponent(session.room.id)}`)).map((p) => [p.id, p]));
  const log = new DeskLog();
  const cards = new Map();
  const list = h("div", { class: "desk-list", "aria-label": t("page.desk") });
  const nothing = h("div", { class: "card" }, empty("desk", t("desk.none"), t("desk.none.text")));
  let filter = "all";
  let paused = false;
  let waiting = new Set();
  let due = 0;

  const filters = h("div", { class: "seg desk-filters", role: "group", "aria-label": t("desk.filter") }, FILTERS.map((f) => h("button", { type: "button", "data-filter": f, "aria-pressed": String(f === filter), onclick: () => {
    filter = f;
    for (const b of filters.children) b.setAttribute("aria-pressed", String(b.dataset.filter === f));
    paint();
  } }, t(`desk.filter.${f}`), f !== "all" && h("b", { class: "num" }, "0"))));
  const newer = button("", { small: true, kind: "primary desk-newer", sign: "up", onclick: () => hold(false) });
  newer.hidden = true;
  const pause = button(t("desk.pause"), { small: true, sign: "pause", onclick: () => hold(!paused) });
  function hold(on) {
    paused = on;
    fill(pause, icon(on ? "play" : "pause", "s"), h("span", {}, t(on ? "desk.resume" : "desk.pause")));
    pause.setAttribute("aria-pressed", String(on));
    if (!on) {
      waiting = new Set();
      paint();
    }
    tell();
  }
  function tell() {
    newer.hidden = !waiting.size;
    say(newer.lastChild, t("desk.newer", { n: waiting.size }));
    for (const b of filters.children) if (b.lastChild !== b.firstChild) say(b.lastChild, log.counts[b.dataset.filter] ?? 0);
    writer.update(status.document?.writer ?? null, log.engine);
  }
  /** Show the newest groups under the filter, newest first; cards that stay are only told of changes. */
  function paint() {
    const rows = [...log.groups.values()].filter((g) => shownUnder(g, filter)).sort((a, b) => b.first - a.first).slice(0, SHOWN);
    const keep = new Set(rows.map((g) => g.key));
    // Where somebody types stays, however old it is.
    for (const [key, card] of cards) if (!keep.has(key) && !card.element.contains(document.activeElement)) { card.element.remove(); cards.delete(key); }
    rows.forEach((group, n) => {
      if (!cards.has(group.key)) cards.set(group.key, deskCard(group, products, () => paused || hold(true)));
      const card = cards.get(group.key);
      card.update();
      if (list.children[n] !== card.element) list.insertBefore(card.element, list.children[n] ?? null);
    });
    nothing.hidden = rows.length > 0;
  }
  const later = () => {
    due ||= requestAnimationFrame(() => {
      due = 0;
      if (!paused) paint();
      tell();
    });
  };
  const writer = writerState();
  const speaking = nowCard();
  const socket = new LiveSocket(roomPath("/desk"), { message: (record) => {
    const group = log.add(record);
    if (!group) return;
    if (paused) {
      if (cards.has(group.key)) cards.get(group.key).update();
      else if (shownUnder(group, filter)) waiting.add(group.key);
    }
    later();
  } });
  page.append(h("div", { class: "page-head" }, h("div", {}, h("h1", {}, t("page.desk")), h("p", {}, t("desk.lead")))), writer.banner,
    h("div", { class: "desk" }, h("div", { class: "desk-main" }, h("div", { class: "desk-bar" }, h("div", { class: "scroll-x" }, filters), h("span", { class: "grow" }), newer, pause), list, nothing),
      h("div", { class: "stack desk-aside" }, writer.card, speaking.element)));
  const stop = status.subscribe((document) => {
    writer.update(document.writer ?? null, log.engine);
    speaking.update(document);
  });
  tell();
  return () => {
    stop();
    socket.close();
    cancelAnimationFrame(due);
  };
}
