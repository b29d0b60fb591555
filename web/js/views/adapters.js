/** Adapters: the catalogue of LoRA files that personas can wear. */
import { activate, get, patch, remove } from "../api.js";
import { button, empty, fill, h, icon, say } from "../dom.js";
import { bytes, moment, t } from "../i18n.js";
import { status } from "../live.js";
import { attempt, confirm, done, failed, sheet } from "../notice.js";
import { may, session } from "../session.js";
import { saidFields, uploadSheet } from "./adapter_upload.js";

const POLL_MS = 2000;
const path = (adapter) => `/adapters/${encodeURIComponent(adapter.id)}`;

function detailSheet(adapter, saved) {
  sheet(adapter.name, (close) => {
    const said = saidFields(adapter);
    const rows = [["base", adapter.base], ["layout", adapter.layout], ["rank", `${adapter.rank} (α ${adapter.alpha})`], ["modules", adapter.modules + (adapter.text_encoder ? ` (${t("adapters.text_encoder")})` : "")], ["size", bytes(adapter.size_bytes)],
      ["added", moment(adapter.created)]];
    if (!may("operator")) rows.push(["licence", adapter.licence || "—"]);
    if (!may("operator") && adapter.kind === "visual") rows.push(["likeness", t(`adapters.likeness.${adapter.likeness}`)]);
    if (adapter.consent) rows.push(["consent_by", [adapter.consent.by, adapter.consent.note, moment(adapter.consent.at)].filter(Boolean).join(" · ")]);
    const facts = h("dl", { class: "facts" }, rows.flatMap(([key, value]) => [h("dt", {}, t(`adapters.${key}`)), h("dd", { class: "wrap" }, value)]),
      h("dt", {}, t("adapters.sha")), h("dd", { class: "mono small wrap" }, adapter.sha256));
    const table = adapter.table && Object.keys(adapter.table).length
      ? h("div", {}, h("h3", {}, t("adapters.table")), h("dl", { class: "facts" }, Object.entries(adapter.table).flatMap(([k, v]) => [h("dt", { class: "mono small" }, k), h("dd", { class: "num wrap" }, v)]))) : null;
    const save = button(t("save"), { kind: "primary", sign: "check", onclick: () => attempt(save, async () => {
      const values = said.read();
      await patch(path(adapter), { ...values, trigger_words: values.trigger_words.split(",").map((w) => w.trim()).filter(Boolean) });
      done(t("saved"));
      close();
      saved();
    }) });
    const erase = button(t("delete"), { kind: "danger", sign: "trash", onclick: async () => {
      if (!(await confirm(t("adapters.delete.title"), t("adapters.delete.text", { name: adapter.name }), t("delete")))) return;
      await attempt(erase, async () => {
        await remove(path(adapter));
        close();
        saved();
      });
    } });
    return { body: h("div", { class: "stack" }, adapter.error && h("p", { class: "note bad" }, icon("warn"), h("span", { class: "wrap" }, adapter.error)), facts, table, may("operator") && said.element),
      footer: may("operator") && [erase, h("span", { class: "grow" }), button(t("cancel"), { onclick: close }), save] };
  }, { wide: true });
}

/** A range with its number beside it; it reaches as far as the value that is there already. */
export function weightField(label, value, { min = 0, max = 1.5 } = {}) {
  const shown = h("output", { class: "num" }, Number(value).toFixed(2));
  const input = h("input", { type: "range", min: Math.min(min, value), max: Math.max(max, value), step: 0.05, value, "aria-label": label });
  let now = Number(value);
  const paint = () => input.style.setProperty("--share", `${((input.value - input.min) / (input.max - input.min)) * 100}%`);
  input.addEventListener("input", () => { now = Number(input.value); say(shown, now.toFixed(2)); paint(); });
  paint();
  return { element: h("div", { class: "field" }, h("span", {}, label), h("div", { class: "row range" }, input, shown)), value: () => now };
}

function trySheet(adapter) {
  sheet(t("adapters.try.title", { name: adapter.name }), (close) => {
    const weight = weightField(t("adapters.try.weight"), 1);
    const go = button(t("adapters.try"), { kind: "primary", sign: "play", onclick: () => attempt(go, async () => {
      await activate({ room: session.room.id, [adapter.kind]: adapter.id, weight: weight.value(), when: "boundary" });
      done(t("worn.asked", { name: adapter.name }));
      close();
      location.hash = "#/studio";
    }) });
    return { body: h("div", { class: "stack" }, h("p", { class: "muted" }, t("adapters.try.text")), weight.element), footer: [button(t("cancel"), { onclick: close }), go] };
  });
}

function consentPill(adapter) {
  if (adapter.kind !== "visual") return null;
  if (adapter.likeness === "unknown") return h("span", { class: "pill warn" }, t("adapters.unknown_person"));
  if (adapter.likeness !== "person") return null;
  return adapter.consent ? h("span", { class: "pill good", title: adapter.consent.note }, t("adapters.consent", { by: adapter.consent.by }))
    : h("span", { class: "pill bad" }, t("adapters.no_consent"));
}

/** Why an adapter can't be put on air yet; "" when it can. */
export function withheld(adapter) {
  if (adapter.state !== "ready") return t("adapters.state.incompatible");
  if (adapter.kind !== "visual") return "";
  if (adapter.likeness === "unknown") return t("adapters.unknown_person");
  return adapter.likeness === "person" && !adapter.consent ? t("adapters.no_consent") : "";
}

function card(adapter, names, reload) {
  const on = adapter.active_in.includes(session.room.id);
  const sign = adapter.kind === "visual" ? "brush" : "chat";
  const picture = h("div", { class: `adapter-picture ${adapter.kind}` }, adapter.has_preview
    ? h("img", { src: `${path(adapter)}/preview`, alt: "", loading: "lazy" }) : h("div", { class: "adapter-sign" }, icon(sign, "l"), h("small", { class: "num" }, `r${adapter.rank}`)), on && h("span", { class: "pill bad" }, t("adapters.on_air")));
  const sample = adapter.sample_state === "ready" ? (adapter.sample_line && h("p", { class: "sample wrap" }, `“${adapter.sample_line}”`))
    : h("p", { class: "small faint" }, t(`adapters.sample.${adapter.sample_state}`));
  const go = button(t("adapters.try"), { kind: "primary", small: true, sign: "play", onclick: () => trySheet(adapter) });
  go.disabled = Boolean(withheld(adapter));
  if (go.disabled) go.title = withheld(adapter);
  return h("article", { class: `card adapter${on ? " on" : ""}`, "data-id": adapter.id, tabIndex: -1 }, picture,
    h("div", { class: "adapter-body stack tight" },
      h("div", { class: "row between" }, h("h2", { class: "clip" }, adapter.name), h("span", { class: `pill ${adapter.state === "ready" ? "good" : "bad"}` }, t(`adapters.state.${adapter.state}`))),
      h("p", { class: "small faint num" }, [t(`adapters.kind.${adapter.kind}`), adapter.base, `${t("adapters.rank")} ${adapter.rank}`, bytes(adapter.size_bytes)].join(" · ")),
      adapter.error ? h("p", { class: "small wrap bad-text" }, adapter.error) : sample,
      h("div", { class: "row wrapping" }, consentPill(adapter), adapter.trigger_words.map((w) => h("span", { class: "pill plain" }, w))),
      adapter.used_by.length > 0 && h("p", { class: "small faint clip" }, t("adapters.used_by", { names: adapter.used_by.map((id) => names.get(id) ?? id).join(t("comma")) })),
      h("div", { class: "row adapter-foot" }, may("operator") && go, button(t("adapters.details"), { small: true, sign: "info", onclick: () => detailSheet(adapter, reload) }))));
}

export async function adapters(page) {
  const grid = h("div", { class: "adapter-grid" });
  let timer = 0;
  let closed = false;
  let before = null;
  async function load() {
    const [all, bases, people] = await Promise.all([get("/adapters"), get("/studio"), get("/personas").catch(() => [])]);
    if (closed) return;
    const names = new Map(people.map((p) => [p.id, p.name]));
    const none = bases.state === "off" ? empty("adapters", t("adapters.no_base"), t("adapters.no_base.text"))
      : empty("adapters", t("adapters.none"), t("adapters.none.text"));
    const cards = all.map((a) => card(a, names, reload));
    fill(grid, cards.length ? cards : h("div", { class: "card wide-empty" }, none));
    clearTimeout(timer);
    if (all.some((a) => a.sample_state === "pending")) timer = setTimeout(() => load().catch(() => {}), POLL_MS);
  }
  const reload = () => load().catch(failed);
  page.append(h("div", { class: "page-head" }, h("p", {}, t("adapters.lead")),
    may("operator") && button(t("adapters.add"), { kind: "primary", sign: "upload", onclick: () => uploadSheet(reload) })), grid);
  await load();
  const wanted = new URLSearchParams(location.hash.split("?")[1] ?? "").get("id");
  if (wanted) grid.querySelector(`[data-id="${CSS.escape(wanted)}"]`)?.focus();
  const stop = status.subscribe((document) => {
    const now = JSON.stringify([document.persona?.since, document.studio?.state]);
    if (before !== null && now !== before) reload();
    before = now;
  });
  return () => {
    closed = true;
    clearTimeout(timer);
    stop();
  };
}
