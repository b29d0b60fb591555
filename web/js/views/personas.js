/** Personas: who can be on air. */
import { activate, get, post, put, remove } from "../api.js";
import { button, empty, field, fill, h, icon, say, segments, select } from "../dom.js";
import { local, moment, t } from "../i18n.js";
import { status } from "../live.js";
import { attempt, confirm, done, failed, sheet } from "../notice.js";
import { may, session } from "../session.js";
import { weightField, withheld } from "./adapters.js";

const TONGUES = [["zh", "中文"], ["en", "English"], ["ja", "日本語"]];
const COLOURS = ["#c96f5b", "#b5487a", "#4f7f6a", "#4a6fb5", "#c08a2e", "#7a5bb0"];
const FRESH = { id: "", name: "", lang: "zh", voice: "", look_id: null, mood: "warm", rest_s: 1.2, visual_id: null, visual_weight: 1,
  language_id: null, language_weight: 1, prompt: "", greeting: "", colour: COLOURS[0] };
const path = (persona) => `/personas/${encodeURIComponent(persona.id)}`;

/** A short name out of a name: its Latin letters, else a number. */
function shortName(name, taken) {
  const base = name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 30) || "persona";
  let id = base;
  for (let n = 2; taken.has(id); n += 1) id = `${base}-${n}`;
  return id;
}

function form(persona, lists, isNew, saved) {
  const taken = new Set(lists.personas.map((p) => p.id));
  sheet(t(isNew ? "personas.add" : "personas.edit"), (close) => {
    const name = h("input", { name: "name", required: true, maxLength: 120, value: persona.name });
    const id = h("input", { name: "id", maxLength: 40, pattern: "[a-z0-9][a-z0-9_\\-]*", value: persona.id, disabled: !isNew });
    let typed = !isNew;
    id.addEventListener("input", () => { typed = true; });
    name.addEventListener("input", () => { if (!typed) id.value = shortName(name.value, taken); });
    if (isNew && persona.name && !id.value) id.value = shortName(persona.name, taken);
    const voice = h("select", { class: "input", name: "voice" });
    const voices = () => fill(voice, h("option", { value: "" }, t("persona.voice.default")),
      lists.voices.filter((v) => v.lang === lang.value).map((v) => h("option", { value: v.id, selected: v.id === persona.voice }, local(v.name))));
    const lang = select(TONGUES, persona.lang, { name: "lang", onchange: voices });
    voices();
    const look = select([["", t("persona.look.keep")], ...lists.looks.map((l) => [l.id, l.state === "ready" ? l.name : `${l.name} · ${t(`look.${l.state}`)}`])], persona.look_id ?? "", { name: "look_id" });
    const picture = h("span", { class: "look-thumb" });
    const showLook = () => fill(picture, look.value ? h("img", { src: `/looks/${encodeURIComponent(look.value)}/preview`, alt: "" }) : icon("looks", "l"));
    look.addEventListener("change", showLook);
    showLook();
    let mood = persona.mood;
    const moods = segments(["calm", "warm", "lively"].map((m) => [m, t(`mood.${m}`)]), mood, (m) => { mood = m; }, t("persona.mood"));
    const rest = h("input", { type: "number", min: 0, max: 60, step: 0.1, value: persona.rest_s, name: "rest_s" });
    const greeting = h("input", { maxLength: 300, value: persona.greeting, name: "greeting" });
    const prompt = h("textarea", { rows: 4, maxLength: 2000, value: persona.prompt, name: "prompt" });
    const colour = h("input", { type: "color", value: persona.colour, name: "colour", class: "colour" });
    const wears = (kind) => {
      const choice = select([["", t("persona.no_adapter")], ...lists.adapters.filter((a) => a.kind === kind).map((a) => [a.id, [a.name, withheld(a)].filter(Boolean).join(" · ")])], persona[`${kind}_id`] ?? "", { name: `${kind}_id` });
      const weight = weightField(t(`persona.${kind}.weight`), persona[`${kind}_weight`]);
      const show = () => { weight.element.hidden = !choice.value; };
      choice.addEventListener("change", show);
      show();
      return { element: h("div", { class: "stack tight" }, field(t(`persona.${kind}`), choice), weight.element), read: () => ({ [`${kind}_id`]: choice.value || null, [`${kind}_weight`]: weight.value() }) };
    };
    const visual = wears("visual");
    const language = wears("language");
    const save = button(t("save"), { kind: "primary", sign: "check", onclick: () => attempt(save, async () => {
      if (![name, id, rest].every((c) => c.reportValidity())) return;
      const body = { id: id.value.trim() || shortName(name.value, taken), name: name.value.trim(), lang: lang.value, voice: voice.value, look_id: look.value || null, mood,
        rest_s: Number(rest.value), prompt: prompt.value.trim(), greeting: greeting.value.trim(), colour: colour.value, ...visual.read(), ...language.read() };
      await (isNew ? post("/personas", body) : put(path(persona), body));
      done(t("saved"));
      close();
      saved();
    }) });
    return { body: h("div", { class: "stack" },
      h("div", { class: "persona-head" }, picture, h("div", { class: "fields grow" }, field(t("persona.name"), name, { wide: true }), field(t("persona.id"), id, { hint: t("persona.id.hint") }), field(t("persona.colour"), colour))),
      h("div", { class: "fields" }, field(t("persona.look"), look), field(t("persona.lang"), lang), field(t("persona.voice"), voice), field(t("persona.rest"), rest),
        h("div", { class: "field wide" }, h("span", {}, t("persona.mood")), h("div", {}, moods)),
        field(t("persona.greeting"), greeting, { wide: true, hint: t("persona.greeting.hint") }), field(t("persona.prompt"), prompt, { wide: true, hint: t("persona.prompt.hint") }), visual.element, language.element)),
      footer: [button(t("cancel"), { onclick: close }), save] };
  }, { wide: true });
}

function activateSheet(persona) {
  sheet(t("personas.activate.title", { name: persona.name }), (close) => {
    let when = "boundary";
    const soon = new Date(Date.now() + 600_000);
    const time = h("input", { type: "datetime-local", required: true, value: new Date(soon.getTime() - soon.getTimezoneOffset() * 60_000).toISOString().slice(0, 16) });
    const clockField = field(t("personas.when.time"), time);
    clockField.hidden = true;
    const choice = segments([["boundary", t("worn.boundary")], ["now", t("worn.now")], ["at", t("worn.at")]], when, (v) => { when = v; clockField.hidden = v !== "at"; say(about, t(`personas.when.${v}.about`)); }, t("personas.when"));
    const about = h("p", { class: "small muted" }, t("personas.when.boundary.about"));
    const go = button(t("personas.go"), { kind: "primary", sign: "play", onclick: () => attempt(go, async () => {
      if (when === "at" && !time.reportValidity()) return;
      const due = when === "at" ? new Date(time.value).toISOString() : when;
      await activate({ room: session.room.id, persona: persona.id, when: due });
      done(when === "at" ? t("worn.asked.at", { name: persona.name, at: moment(due) }) : t(when === "now" ? "worn.asked.now" : "worn.asked", { name: persona.name }));
      close();
    }) });
    return { body: h("div", { class: "stack" }, choice, about, clockField), footer: [button(t("cancel"), { onclick: close }), go] };
  });
}

function card(persona, lists, onAir, reload) {
  const on = persona.id === onAir;
  const picture = persona.look_id ? h("img", { src: `/looks/${encodeURIComponent(persona.look_id)}/preview`, alt: persona.name, loading: "lazy" }) : icon("looks", "l");
  if (persona.look_id) picture.addEventListener("error", () => picture.replaceWith(icon("looks", "l")));
  const adapter = (key) => lists.adapters.find((a) => a.id === persona[key])?.name;
  const voice = lists.voices.find((v) => v.id === persona.voice);
  const tongue = TONGUES.find(([id]) => id === persona.lang)?.[1];
  const words = [t(`mood.${persona.mood}`), tongue, voice ? local(voice.name) : t("persona.voice.default.short")].filter(Boolean).join(" · ");
  const go = button(t(on ? "personas.on_air" : "personas.activate"), { kind: on ? "" : "primary", small: true, sign: on ? "check" : "play", onclick: () => activateSheet(persona) });
  go.disabled = on;
  const edit = button(t("edit"), { small: true, sign: "edit", only: true, onclick: () => form(persona, lists, false, reload) });
  const copy = button(t("personas.copy"), { small: true, sign: "copy", only: true, onclick: () => form({ ...persona, id: "", name: t("personas.copy_of", { name: persona.name }) }, lists, true, reload) });
  const erase = button(t("delete"), { small: true, sign: "trash", only: true, kind: "ghost danger", onclick: async () => {
    if (!(await confirm(t("personas.delete.title"), t("personas.delete.text", { name: persona.name }), t("delete")))) return;
    await attempt(erase, async () => { await remove(path(persona)); reload(); });
  } });
  return h("article", { class: `card persona${on ? " on" : ""}`, "data-id": persona.id, style: { "--rim": persona.colour } },
    h("div", { class: "persona-picture" }, picture, on && h("span", { class: "pill bad" }, t("personas.on_air"))),
    h("div", { class: "persona-body stack tight" }, h("h2", { class: "wrap" }, persona.name), h("p", { class: "small faint clip" }, words),
      (persona.prompt || persona.greeting) && h("p", { class: "small muted two-lines wrap" }, persona.prompt || `“${persona.greeting}”`),
      h("div", { class: "row wrapping" }, ["visual_id", "language_id"].map((key) => adapter(key) && h("span", { class: "pill plain num", title: t(`persona.${key.slice(0, -3)}`) }, icon(key === "visual_id" ? "brush" : "chat", "s"), h("span", { class: "clip" }, adapter(key)), ` × ${persona[key.replace("_id", "_weight")].toFixed(2)}`))),
      may("operator") && h("div", { class: "row between persona-foot" }, go, h("div", { class: "row" }, edit, copy, erase))));
}

export async function personas(page) {
  const grid = h("div", { class: "persona-grid" });
  const lists = { personas: [], looks: [], voices: [], adapters: [] };
  let onAir = status.document?.persona?.id ?? null;
  let closed = false;
  const paint = () => !closed && fill(grid, lists.personas.length ? lists.personas.map((p) => card(p, lists, onAir, reload))
    : h("div", { class: "card wide-empty" }, empty("personas", t("personas.none"), t("personas.none.text"))));
  async function load() {
    const [people, looks, voices, adapters] = await Promise.all([get("/personas"), get("/looks"), get("/voices").catch(() => []), get("/adapters")]);
    Object.assign(lists, { personas: people, looks, voices, adapters });
    paint();
  }
  const reload = () => load().catch(failed);
  page.append(h("div", { class: "page-head" }, h("p", {}, t("personas.lead")),
    may("operator") && button(t("personas.add"), { kind: "primary", sign: "plus", onclick: () => form({ ...FRESH, colour: COLOURS[lists.personas.length % COLOURS.length] }, lists, true, reload) })), grid);
  await load();
  const stop = status.subscribe((document) => {
    const now = document.persona?.id ?? null;
    if (now === onAir) return;
    onAir = now;
    paint();
  });
  return () => {
    closed = true;
    stop();
  };
}
