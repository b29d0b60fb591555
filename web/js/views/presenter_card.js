/** Presenter card: who is on air, a click to change her, and how far a change is. */
import { activate, get, post, remove } from "../api.js";
import { button, empty, fill, h, icon, say } from "../dom.js";
import { known, moment, t } from "../i18n.js";
import { attempt, done } from "../notice.js";
import { may, session } from "../session.js";

const OVER = ["committed", "failed", "superseded", "cancelled"];
const STEPS = ["inspect", "stage", "look", "canary", "commit"];
const TONE = { committed: "good", failed: "bad", superseded: "", cancelled: "" };
const STUDIO_TONE = { running: "good", starting: "info", down: "warn" };

/** A persona's round picture, with her colour as its rim. */
export function face(persona, size = 40) {
  const picture = persona?.look_id
    ? h("img", { src: `/looks/${encodeURIComponent(persona.look_id)}/preview`, alt: "", loading: "lazy" }) : icon("looks");
  if (picture.tagName === "IMG") picture.addEventListener("error", () => picture.replaceWith(icon("looks")));
  return h("span", { class: "face", style: { "--size": `${size}px`, "--rim": persona?.colour ?? "var(--line-2)" } }, picture);
}

/** Why an activation failed: in the user's language, as the server says it, what to do, and who is on air instead. */
function fault(a) {
  const key = [`act.reason.${a.reason}`, `refusal.${a.reason}`].find(known);
  return h("div", { class: "fault small wrap", role: "alert" }, key && h("b", {}, t(key)), a.message && h("p", {}, a.message),
    a.next_step && h("p", { class: "next-step" }, a.next_step), a.stayed?.name && h("p", { class: "stayed" }, icon("check", "s"), t("act.stayed", { name: a.stayed.name })));
}

/** The steps of an activation with their times. */
export function progress(a, names) {
  const reached = new Map(a.steps.map((s) => [s.name, s]));
  const who = a.persona ? names.get(a.persona)?.name ?? a.persona : names.get(a.visual ?? a.language)?.name ?? t("act.adapters");
  return h("div", { class: "activation", "data-state": a.state },
    h("div", { class: "row between" }, h("b", { class: "clip" }, t("act.of", { name: who })),
      h("span", { class: `pill ${TONE[a.state] ?? "info"}` }, t(`act.${a.state}`))),
    h("ol", { class: "steps" }, STEPS.map((name) => {
      const step = reached.get(name);
      return h("li", { "data-state": step?.state ?? "waiting" }, h("i", {}, step?.state === "done" ? icon("check", "s") : step?.state === "failed" ? icon("close", "s") : null),
        h("span", {}, t(`step.${name}`)), h("small", { class: "num faint" }, step && step.state !== "running" && step.state !== "skipped" ? `${Math.round(step.ms)} ms` : ""));
    })),
    a.state === "failed" && fault(a),
    a.due && !OVER.includes(a.state) && h("p", { class: "small faint num" }, t("act.due", { at: moment(a.due) })),
    a.state === "committed" && a.swap_ms !== null && h("p", { class: "small faint num" }, [t("act.swap", { ms: a.swap_ms }), a.late_s > 1 && t("act.late", { s: a.late_s })].filter(Boolean).join(" · ")));
}

export function presenterCard() {
  const now = h("div", { class: "row worn" });
  const choice = h("div", { class: "chips", role: "group", "aria-label": t("worn.switch") });
  const change = h("div", { "aria-live": "polite" });
  const over = h("div", { class: "row wrapping worn-adapters" });
  const model = h("span", { class: "pill", hidden: true });
  const back = button(t("worn.back"), { sign: "back", small: true, title: t("worn.back.about"), onclick: () =>
    attempt(back, () => post("/adapters/rollback", { room: session.room.id })) });
  let personas = new Map();
  let adapters = new Map();
  let onAir = null;
  let shown = "";
  let since = null;
  let committed = null;
  let last = null;
  let closed = false;

  const give = (persona, chip) => attempt(chip, async () => {
    await activate({ room: session.room.id, persona: persona.id, when: "boundary" });
    done(t("worn.asked", { name: persona.name }));
  });

  function paintChoice() {
    if (!personas.size) {
      fill(choice, empty("personas", t("worn.none"), t("worn.none.text"), h("a", { class: "btn small", href: "#/personas" }, icon("plus", "s"), t("worn.make"))));
      return;
    }
    fill(choice, [...personas.values()].map((p) => {
      const chip = h("button", { type: "button", class: "chip", "data-persona": p.id, "aria-pressed": String(p.id === onAir),
        style: { "--rim": p.colour }, onclick: () => give(p, chip) }, face(p, 26), h("span", { class: "clip" }, p.name));
      chip.disabled = !may("operator");
      return chip;
    }));
  }

  function paint(document) {
    const who = document.persona;
    const key = JSON.stringify([who, document.activation, document.studio]);
    if (key === shown) return;
    shown = key;
    last = document;
    const persona = who ? personas.get(who.id) ?? { name: who.name } : null;
    const words = who ? [t("worn.since", { at: moment(who.since) }), t(`worn.source.${who.source}`), who.until && t("worn.until", { at: moment(who.until) })] : [];
    fill(now, face({ ...persona, look_id: document.look?.id }, 46), h("div", { class: "grow" }, h("b", { class: "clip worn-name" }, who?.name ?? document.look?.name ?? "—"),
      h("div", { class: "small faint wrap num" }, words.filter(Boolean).join(" · "))));
    if ((who?.id ?? null) !== onAir) {
      onAir = who?.id ?? null;
      for (const chip of choice.querySelectorAll(".chip")) chip.setAttribute("aria-pressed", String(chip.dataset.persona === onAir));
      if (onAir && !personas.has(onAir)) load();
    }
    const a = document.activation;
    const target = a && !OVER.includes(a.state) ? a.persona : null;
    for (const chip of choice.querySelectorAll(".chip")) chip.classList.toggle("going", chip.dataset.persona === target);
    if (who?.since !== since || a?.state === "committed" && a.id !== committed) {
      since = who?.since;
      if (a?.state === "committed") committed = a.id;
      loadWorn();
    }
    const give_up = a && !OVER.includes(a.state) && a.state !== "committing" && may("operator")
      && button(t("act.cancel"), { small: true, kind: "ghost", sign: "close", onclick: (e) => attempt(e.currentTarget, () => remove(`/adapters/activations/${encodeURIComponent(a.id)}`)) });
    fill(change, a && progress(a, new Map([...adapters, ...personas])), give_up && h("div", { class: "row" }, give_up));
    const state = document.studio?.state ?? "off";
    model.hidden = false;
    model.className = `pill ${STUDIO_TONE[state] ?? ""}`;
    model.title = t(`studio.${state}.about`);
    say(model, t(`studio.${state}`));
  }

  /** Which adapters are on air, which the status document leaves out. */
  async function loadWorn() {
    const room = encodeURIComponent(session.room.id);
    const [active, all] = await Promise.all([get(`/adapters/active?room=${room}`), get("/adapters")]).catch(() => [[], []]);
    if (closed) return;
    adapters = new Map(all.map((one) => [one.id, one]));
    const worn = active[0] ?? {};
    fill(over, ["visual", "language"].map((kind) => worn[kind] && h("span", { class: "pill plain num", title: t(`adapters.kind.${kind}`) }, icon(kind === "visual" ? "brush" : "chat", "s"),
      h("span", { class: "clip" }, adapters.get(worn[kind])?.name ?? worn[kind]), typeof worn.weight === "number" && ` × ${worn.weight.toFixed(2)}`)));
  }

  async function load() {
    try {
      personas = new Map((await get("/personas")).map((p) => [p.id, p]));
    } catch {
      personas = new Map();
    }
    if (closed) return;
    paintChoice();
    shown = "";
    if (last) paint(last);
  }

  const element = h("section", { class: "card presenter" },
    h("header", {}, h("h2", {}, icon("personas"), t("worn.title")), h("div", { class: "row wrapping" }, model, may("operator") && back)),
    h("div", { class: "stack tight" }, now, over, choice, change));
  load();
  return { element, update: paint, close: () => { closed = true; } };
}
