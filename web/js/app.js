/** Entry: sign-in, the frame around the pages, and the route in the address's hash. */
import { onSignedOut } from "./api.js";
import { brandMark, button, empty, fill, h, icon, say } from "./dom.js";
import { lang, setLang, t } from "./i18n.js";
import { status } from "./live.js";
import { failed } from "./notice.js";
import { forget, may, resume, session, signIn, signOut } from "./session.js";
import { setTheme, theme } from "./theme.js";
import { adapters } from "./views/adapters.js";
import { airlog } from "./views/airlog.js";
import { desk } from "./views/desk.js";
import { destinations } from "./views/destinations.js";
import { login } from "./views/login.js";
import { looks } from "./views/looks.js";
import { personas } from "./views/personas.js";
import { products } from "./views/products.js";
import { rundown } from "./views/rundown.js";
import { schedule } from "./views/schedule.js";
import { scripts } from "./views/scripts.js";
import { settings } from "./views/settings.js";
import { studio } from "./views/studio.js";
import { emergency, takeoverStrip } from "./views/takeover.js";
import { holdButton } from "./views/hold_button.js";
import { training } from "./views/training.js";
import { words } from "./views/words.js";

const PAGES = { studio, rundown, desk, products, scripts, personas, schedule, words, airlog, outputs: destinations, looks, adapters, training, settings };
/** Pages before which the side bar leaves a gap: the show, the shop, its safety, the machine. */
const GROUPS = ["products", "words", "outputs"];
const app = document.getElementById("app");
let leave = () => {};
let frame = null;

const route = () => location.hash.replace(/^#\/?/, "").split("?")[0] || "studio";

/** A token handed over in the address is used once and taken out of it. */
function tokenInAddress() {
  const token = new URLSearchParams(location.hash.split("?")[1] ?? "").get("token");
  if (token) history.replaceState(null, "", `${location.pathname}#/studio`);
  return token;
}

function switches() {
  const dark = theme() === "dark";
  return h("div", { class: "switches" },
    h("button", { type: "button", class: "ghost-night", "aria-label": t("language.switch"), id: "lang-switch",
      onclick: () => setLang(lang() === "zh" ? "en" : "zh") }, icon("globe", "s"), lang() === "zh" ? "English" : "中文"),
    h("button", { type: "button", class: "ghost-night", "aria-label": t("theme.switch"), title: t("theme.switch"),
      onclick: () => setTheme(dark ? "light" : "dark") }, icon(dark ? "sun" : "moon", "s")));
}

const brand = () => h("a", { class: "brand", href: "#/studio", "aria-label": "NightAnchor" }, brandMark(30));

function links(kind) {
  return h("nav", { class: kind, "aria-label": t("nav.label") }, Object.keys(PAGES).map((name) =>
    h("a", { href: `#/${name}`, "data-page": name, class: GROUPS.includes(name) ? "group" : "" }, icon(name), h("span", { class: "clip" }, t(`nav.${name}`)))));
}

/** The pill that says on every page whether the room is on air. */
function onAir() {
  const words = h("span");
  const rate = h("span", { class: "faint num" });
  const pill = h("span", { class: "onair", role: "status" }, h("i", { class: "dot" }), words, rate);
  const stop = status.subscribe((document, connected) => {
    const state = connected ? (document.on_air ? document.state : "down") : "lost";
    pill.dataset.state = state;
    say(words, t(`onair.${state}`));
    say(rate, connected && document.on_air ? `${Number(document.playout.fps ?? 0).toFixed(0)} fps` : "");
  });
  return { pill, stop };
}

/** Takeover and slate on every page: what is on, and the way to stop everything. */
function hands() {
  const strip = takeoverStrip((listener) => status.subscribe(listener));
  const halt = may("operator") && holdButton(t("emergency.stop"), { sign: "slate", only: true, kind: "small emergency", "data-act": "emergency-top", work: (control) => emergency(control, true) });
  const stops = [status.subscribe(strip.update), halt && status.subscribe((document) => { halt.hidden = Boolean(document.slate?.on) || !document.on_air; })];
  return { strip: strip.element, halt, stop: () => stops.forEach((stop) => stop && stop()) };
}

function makeFrame() {
  const air = onAir();
  const hand = hands();
  const page = h("main", { class: "page", id: "page", tabindex: "-1" });
  const title = h("h1");
  const me = session.me;
  const out = () => signOut().then(start);
  const shell = h("div", { class: "shell" },
    h("a", { class: "skip-link", href: "#page", onclick: (e) => { e.preventDefault(); page.focus(); } }, t("skip_to_content")),
    h("aside", { class: "side" }, brand(), links("nav"),
      h("div", { class: "side-foot" }, switches(),
        h("div", { class: "who" }, h("span", { class: "avatar" }, (me.name || me.role || "?").slice(0, 1).toUpperCase()),
          h("div", { class: "grow" }, h("div", { class: "clip" }, me.name || me.role), h("div", { class: "small" }, t(`role.${me.role}`))),
          h("button", { type: "button", class: "ghost-night", "aria-label": t("sign_out"), title: t("sign_out"), onclick: out },
            icon("exit", "s"))))),
    h("div", { class: "main" },
      h("header", { class: "top" }, brand(), title, h("div", { class: "right" }, hand.halt, air.pill,
        h("span", { class: "phone-only" }, button(t("language.switch"), { sign: "globe", kind: "ghost", small: true, only: true,
          onclick: () => setLang(lang() === "zh" ? "en" : "zh") })))),
      hand.strip, page),
    links("tabs"));
  fill(app, shell);
  return { page, title, close: () => { air.stop(); hand.stop(); } };
}

async function show() {
  leave();
  leave = () => {};
  if (!session.me) return;
  const name = route() in PAGES ? route() : "studio";
  frame ??= makeFrame();
  for (const a of app.querySelectorAll("[data-page]")) {
    if (a.dataset.page === name) {
      a.setAttribute("aria-current", "page");
      if (a.closest(".tabs")) a.scrollIntoView({ inline: "center", block: "nearest" });
    } else a.removeAttribute("aria-current");
  }
  frame.title.textContent = t(`page.${name}`);
  document.title = `${t(`page.${name}`)} · NightAnchor`;
  fill(frame.page);
  window.scrollTo(0, 0);
  const page = h("div", { class: `view view-${name}`, "aria-busy": "true", "data-loading": t("loading") });
  frame.page.append(page);
  let stale = false;
  let closePage = () => {};
  leave = () => { stale = true; closePage(); };
  try {
    const close = (await PAGES[name](page)) ?? (() => {});
    page.removeAttribute("aria-busy");
    if (stale) close();
    else closePage = close;
  } catch (error) {
    page.removeAttribute("aria-busy");
    if (!("status" in error)) throw error;
    failed(error);
    fill(page, h("div", { class: "card" }, empty("warn", t("error.page"), error.message,
      button(t("retry"), { kind: "primary", onclick: show }))));
  }
}

function toLogin(problem = null) {
  leave();
  leave = () => {};
  frame?.close();
  frame = null;
  status.stop();
  forget();
  document.title = `${t("login.title")} · NightAnchor`;
  login(app, async (token) => {
    await signIn(token);
    enter();
  }, problem);
}

function enter() {
  status.watch(session.room.id, () => toLogin());
  show();
}

async function start() {
  const token = tokenInAddress();
  let problem = null;
  try {
    if (token) {
      try {
        await signIn(token);
        return enter();
      } catch (error) {
        problem = error;
      }
    }
    if (await resume()) return enter();
  } catch (error) {
    problem = error;
  }
  return toLogin(problem);
}

onSignedOut(() => session.me && toLogin());
window.addEventListener("hashchange", () => {
  if (new URLSearchParams(location.hash.split("?")[1] ?? "").has("token")) start();
  else show();
});
for (const name of ["nightanchor:language", "nightanchor:theme"]) {
  window.addEventListener(name, () => {
    if (!session.me) return;
    if (name.endsWith("theme") && frame) {
      app.querySelector(".side .switches")?.replaceWith(switches());
      return;
    }
    frame?.close();
    frame = null;
    show();
  });
}
start();
