/** Running order: what the show goes through, for how long, and where it is now. */
import { get, post, put, remove } from "../api.js";
import { button, changing, empty, fill, h, icon, say } from "../dom.js";
import { reordered, sortable } from "../drag_list.js";
import { clock, span, t } from "../i18n.js";
import { status } from "../live.js";
import { attempt, confirm, done } from "../notice.js";
import { may, roomPath, session, who } from "../session.js";
import { itemRow, KIND_SIGN, KINDS, MINUTES, titleOf } from "./rundown_item.js";

const LENGTHS = { opening: 2, product: 8, cta: 1, qa: 5, transition: 0.5, break: 2, closing: 2 };

/** Changes that were left unsaved when the page was, for whoever made them, also when he has to sign in again. */
let draft = null;
let unsaved = false;
window.addEventListener("beforeunload", (event) => { if (unsaved || (draft && draft.who === who())) event.preventDefault(); });

const sayUnsaved = (on) => {
  for (const link of document.querySelectorAll('a[data-page="rundown"]')) link.toggleAttribute("data-unsaved", on);
};
const freshId = () => `i${[...crypto.getRandomValues(new Uint8Array(5))].map((n) => n.toString(16).padStart(2, "0")).join("")}`;
const plain = (item) => ({ id: item.id, kind: item.kind, title: item.title ?? "", product_id: item.product_id ?? null, minutes: item.minutes, lang: item.lang ?? null,
  points: Object.fromEntries(Object.entries(item.points ?? {}).map(([l, list]) => [l, [...list]])), enabled: item.enabled !== false });

/** What a refusal says of single entries: position -> words. */
function faultsOf(error, items) {
  const found = new Map();
  const at = Array.isArray(error.at) ? error.at : [error.at];
  for (const where of at) {
    const n = typeof where === "number" ? where : items.findIndex((i) => i.id === where);
    if (n >= 0 && n < items.length) found.set(n, [error.message, error.nextStep].filter(Boolean).map((words) => words.replace(/([^.!?。！？])$/, "$1.")).join(" "));
  }
  for (const { field: name, message } of error.errors ?? []) {
    const [, n, what] = /^items\.(\d+)(?:\.(\w+))?/.exec(name) ?? [];
    if (n !== undefined && Number(n) < items.length) found.set(Number(n), `${what ? `${t(`rundown.${what === "product_id" ? "product" : what}`)}: ` : ""}${message}`);
  }
  return found;
}

export async function rundown(page) {
  const canEdit = may("operator");
  const [rows, first] = await Promise.all([get(`/products?room=${encodeURIComponent(session.room.id)}`), get(roomPath("/running-order"))]);
  const products = new Map(rows.map((p) => [p.id, p]));
  const model = { enabled: false, loop: true, items: [] };
  let saved = first;
  let opened = null;
  let faults = new Map();
  let cards = [];
  let closed = false;

  const list = h("ol", { class: "rundown-list", "aria-label": t("page.rundown") });
  const strip = h("div", { class: "rundown-strip", "aria-hidden": "true" });
  const total = h("span", { class: "small faint num" });
  const barWords = h("span", { class: "grow wrap", role: "status" });
  const bar = h("div", { class: "unsaved", hidden: true }, icon("info"), barWords);
  const standard = h("div", { class: "note rundown-default", hidden: true }, icon("info", "s"), h("span", { class: "wrap" }, t("rundown.default")));
  const loop = h("input", { type: "checkbox", name: "loop", disabled: !canEdit, onchange: () => { model.loop = loop.checked; touched(); } });
  const enabled = h("input", { type: "checkbox", name: "enabled-order", disabled: !canEdit, onchange: () => { model.enabled = enabled.checked; touched(); sums(); } });
  const off = h("div", { class: "note", hidden: true }, icon("info", "s"), h("span", { class: "wrap" }, t("rundown.off")));
  const announce = h("span", { class: "visually-hidden", "aria-live": "polite" });

  const touched = () => {
    unsaved = true;
    bar.hidden = false;
    bar.classList.remove("bad");
    say(barWords, t("rundown.unsaved"));
    sayUnsaved(true);
    sums();
  };
  const minutesOf = (items) => items.filter((i) => i.enabled).reduce((sum, i) => sum + (Number(i.minutes) || 0), 0);
  function sums() {
    say(total, t("rundown.total", { n: model.items.length, time: span(minutesOf(model.items) * 60) }));
    off.hidden = model.enabled;
    fill(strip, model.items.filter((i) => i.enabled).map((i) => h("i", { "data-kind": i.kind, "data-strip": i.id, style: { "flex-grow": Math.max(0.3, Number(i.minutes) || 0) } })));
    showNow(status.document, status.connected);
  }
  const move = (from, to) => {
    if (to < 0 || to >= model.items.length || from === to) return;
    const held = document.activeElement?.closest?.("[data-act]")?.dataset.act;
    model.items = reordered(model.items, from, to);
    faults = new Map();
    touched();
    paint(held);
    say(announce, t("rundown.moved", { name: titleOf(model.items[to], products), n: to + 1, all: model.items.length }));
  };
  const add = (kind, at = model.items.length) => {
    const item = { id: freshId(), kind, title: "", product_id: kind === "product" ? rows[0]?.id ?? null : null, minutes: LENGTHS[kind], lang: null, points: { zh: [], en: [], ja: [] }, enabled: true };
    model.items.splice(at, 0, item);
    opened = item.id;
    faults = new Map();
    touched();
    paint();
    list.children[at]?.scrollIntoView({ block: "center" });
    list.children[at]?.querySelector("[name=title]")?.focus({ preventScroll: true });
  };
  const jump = (control, item) => attempt(control, async () => {
    if (unsaved && !saved.items.some((i) => i.id === item.id)) {
      done(t("rundown.save_first"));
      return;
    }
    take(await post(roomPath("/running-order/go"), { item_id: item.id }), unsaved);
    done(t("rundown.going", { name: titleOf(item, products) }));
  });

  function paint(focus = null) {
    let at = 0;
    cards = model.items.map((item, n) => {
      const card = itemRow(item, { products, position: n, startsAt: at, open: opened === item.id, fault: faults.get(n), on: {
        touched, again: () => paint(),
        toggle: () => { opened = opened === item.id ? null : item.id; paint(`open-${item.id}`); },
        move: (by) => move(model.items.indexOf(item), model.items.indexOf(item) + by),
        copy: () => {
          const twin = { ...plain(item), id: freshId() };
          model.items.splice(model.items.indexOf(item) + 1, 0, twin);
          opened = twin.id;
          touched();
          paint();
        },
        erase: () => { model.items.splice(model.items.indexOf(item), 1); opened = null; faults = new Map(); touched(); paint(); },
        go: (control) => jump(control, item),
      } });
      if (item.enabled) at += Number(item.minutes) || 0;
      return { id: item.id, ...card };
    });
    fill(list, cards.length ? cards.map((c) => c.element) : h("li", {}, empty("rundown", t("rundown.none"), t("rundown.none.text"))));
    if (focus) list.querySelector(`[data-act="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
    sums();
  }

  /** Show a document of the server; with `keep` only what is on air and not what is edited. */
  function take(document, keep = false) {
    saved = document;
    if (keep) return;
    unsaved = false;
    bar.hidden = true;
    sayUnsaved(false);
    faults = new Map();
    fillIn(document);
  }
  function fillIn(document) {
    Object.assign(model, { enabled: document.enabled, loop: document.loop, items: document.items.map(plain) });
    enabled.checked = model.enabled;
    loop.checked = model.loop;
    standard.hidden = !saved.derived;
    reset.hidden = Boolean(saved.derived) || !canEdit;
    paint();
  }
  const read = () => ({ enabled: model.enabled, loop: model.loop, items: model.items.map((item) => ({ ...plain(item), title: item.title.trim(),
    points: Object.fromEntries(Object.entries(item.points).map(([l, points]) => [l, points.map((p) => p.trim()).filter(Boolean)])) })) });
  /** Entries that can't be, found before the server is asked. */
  function wrongHere() {
    const found = new Map();
    model.items.forEach((item, n) => {
      if (!(item.minutes >= MINUTES.least && item.minutes <= MINUTES.most)) found.set(n, t("rundown.minutes.wrong", MINUTES));
      else if (item.kind === "product" && !item.product_id) found.set(n, t("rundown.product.missing"));
    });
    return found;
  }
  const refuse = (found, words) => {
    faults = found;
    opened = model.items[[...found.keys()][0]]?.id ?? opened;
    paint();
    bar.hidden = false;
    bar.classList.add("bad");
    say(barWords, words);
    list.querySelector(".wrong")?.scrollIntoView({ block: "center" });
  };
  const save = button(t("save"), { kind: "primary", small: true, sign: "check", onclick: () => attempt(save, async () => {
    const wrong = wrongHere();
    if (wrong.size) return refuse(wrong, t("rundown.wrong", { n: wrong.size }));
    try {
      take(await put(roomPath("/running-order"), read()));
    } catch (error) {
      const found = error.status === 422 ? faultsOf(error, model.items) : new Map();
      if (!found.size) throw error;
      return refuse(found, t("rundown.wrong", { n: found.size }));
    }
    done(t("rundown.saved"));
  }) });
  const reset = button(t("rundown.reset"), { sign: "back", small: true, onclick: async () => {
    if (!(await confirm(t("rundown.reset.title"), t("rundown.reset.text"), t("rundown.reset")))) return;
    await attempt(reset, async () => { opened = null; take(await remove(roomPath("/running-order"))); done(t("rundown.saved")); });
  } });
  bar.append(button(t("schedule.discard"), { small: true, kind: "ghost", onclick: () => { opened = null; take(saved); } }), save);

  const nowCard = changing(h("div", { class: "stack tight" }), ([item, next, air]) => {
    if (!item) return h("p", { class: "muted" }, t(air ? "rundown.not_now" : "rundown.off_air"));
    const known = model.items.find((i) => i.id === item[0]);
    return [h("div", { class: "row rundown-now", "data-kind": item[1] }, h("span", { class: "rundown-sign" }, icon(KIND_SIGN[item[1]] ?? "scripts", "s")),
      h("div", { class: "grow" }, h("b", { class: "worn-name wrap" }, item[2] || (known && titleOf(known, products)) || t(`rundown.kind.${item[1]}`)), h("span", { class: "small faint" }, t(`rundown.kind.${item[1]}`)))),
    next && h("p", { class: "small muted wrap" }, t("rundown.then", { name: next }))];
  });
  const nowTime = h("span", { class: "small faint num" });
  const nowBar = h("div", { class: "bar", role: "progressbar", "aria-label": t("rundown.progress"), "aria-valuemin": 0, "aria-valuemax": 100, hidden: true }, h("i"));
  const next = button(t("rundown.next"), { sign: "skip", small: true, onclick: () => attempt(next, async () => {
    take(await post(roomPath("/running-order/next")), unsaved);
    done(t("rundown.nexting"));
  }) });
  next.hidden = !canEdit;
  function showNow(document, connected) {
    if (closed) return;
    const now = (connected && document?.running_order) || null;
    nowCard.show([now && [now.item_id, now.kind, now.title], now?.next_title ?? null, Boolean(connected && document?.on_air)]);
    nowBar.hidden = !now;
    next.disabled = !now;
    say(nowTime, now ? `${clock(now.elapsed_s)} / ${clock(now.planned_s)}` : "");
    if (now) {
      const share = Math.min(100, (100 * now.elapsed_s) / (now.planned_s || 1));
      nowBar.firstChild.style.setProperty("width", `${share.toFixed(1)}%`);
      nowBar.setAttribute("aria-valuenow", share.toFixed(0));
    }
    for (const card of cards) card.onAir(now?.item_id === card.id ? now : null);
    for (const part of strip.children) part.classList.toggle("on", part.dataset.strip === now?.item_id);
  }

  sortable(list, { handle: ".grip", moved: move });
  const adders = h("div", { class: "rundown-add" }, KINDS.map((kind) => h("button", { type: "button", class: "rundown-kind", "data-kind": kind, "data-add": kind, onclick: () => add(kind) },
    h("span", { class: "rundown-sign" }, icon(KIND_SIGN[kind], "s")), h("span", {}, t(`rundown.kind.${kind}`)))));
  page.append(h("div", { class: "page-head" }, h("div", {}, h("h1", {}, t("page.rundown")), h("p", {}, t("rundown.lead")))), h("div", { class: "rundown" },
    h("section", { class: "card rundown-main" }, h("header", {}, h("h2", {}, icon("rundown"), t("rundown.items")), total), standard, off, strip, list,
      canEdit && h("p", { class: "small faint rundown-keys" }, t("rundown.keys")), bar, announce),
    h("div", { class: "stack rundown-aside" },
      h("section", { class: "card", "data-part": "now" }, h("header", {}, h("h2", {}, icon("live"), t("rundown.now")), next), nowCard.element, h("div", { class: "rundown-now-bar" }, nowBar, nowTime)),
      canEdit && h("section", { class: "card" }, h("header", {}, h("h2", {}, icon("plus"), t("rundown.add"))), adders),
      h("section", { class: "card" }, h("header", {}, h("h2", {}, t("schedule.settings"))), h("div", { class: "stack tight" },
        h("label", { class: "check" }, enabled, h("span", {}, t("rundown.follow"))), h("label", { class: "check" }, loop, h("span", {}, t("rundown.loop"))), h("div", {}, reset))))));
  take(first);
  if (draft?.who === who() && draft.room === session.room.id) {
    fillIn(draft.body);
    touched();
  }
  draft = null;
  const stop = status.subscribe(showNow);
  return () => {
    closed = true;
    stop();
    if (!unsaved || !session.me) return;
    draft = { who: who(), room: session.room.id, body: { ...model, items: model.items.map(plain) } };
    unsaved = false;
    if (!location.hash.startsWith("#/rundown")) done(t("rundown.leave"), t("rundown.leave.text"));
  };
}
