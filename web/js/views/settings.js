/** Settings: the room, who may sign in, the panel itself. */
import { get, patch } from "../api.js";
import { button, field, h, icon, segments, select } from "../dom.js";
import { clock, lang, LANGS, setLang, t } from "../i18n.js";
import { attempt, done } from "../notice.js";
import { may, roomPath, session, signOut } from "../session.js";
import { chosenTheme, setTheme } from "../theme.js";
import { tokensCard } from "./tokens.js";

const FORMATS = [["720x1280", "720 × 1280 · 9:16"], ["1080x1920", "1080 × 1920 · 9:16"], ["1280x720", "1280 × 720 · 16:9"],
  ["1920x1080", "1920 × 1080 · 16:9"]];
const TONGUES = [["zh", "中文"], ["en", "English"], ["ja", "日本語"]];

function roomCard(room, voices) {
  const owner = may("owner");
  const title = h("input", { value: room.title ?? "", maxLength: 120, name: "title" });
  const subtitle = h("input", { value: room.subtitle ?? "", maxLength: 300, name: "subtitle" });
  const tongue = select(TONGUES, room.lang, { name: "lang" });
  const voice = select([["", t("settings.voice.default")], ...voices.map((v) => [v.id, `${v.name} (${v.lang})`])], room.voice ?? "", { name: "voice" });
  const size = `${room.width}x${room.height}`;
  const known = FORMATS.some(([v]) => v === size) ? FORMATS : [[size, size.replace("x", " × ")], ...FORMATS];
  const format = select(known, size, { name: "format" });
  const fps = select([["25", "25"], ["30", "30"]], String(room.fps), { name: "fps" });
  const rate = h("input", { value: room.video_kbps ?? "", inputMode: "numeric", class: "num", name: "video_kbps" });
  const save = button(t("save"), { kind: "primary", sign: "check", onclick: () => attempt(save, async () => {
    const [width, height] = format.value.split("x").map(Number);
    const wanted = { title: title.value.trim(), subtitle: subtitle.value.trim(), lang: tongue.value, voice: voice.value, width, height,
      fps: Number(fps.value), video_kbps: Number(rate.value) };
    const changed = Object.fromEntries(Object.entries(wanted).filter(([key, value]) => value !== room[key]));
    if (Object.keys(changed).length) Object.assign(room, await patch(roomPath(), changed));
    session.room = room;
    done(t("saved"));
  }) });
  const controls = [title, subtitle, tongue, voice, format, fps, rate];
  for (const control of controls) control.disabled = !owner;
  return h("section", { class: "card" }, h("header", {}, h("h2", {}, icon("studio"), t("settings.room"))),
    h("div", { class: "fields" }, field(t("settings.title"), title), field(t("settings.subtitle"), subtitle), field(t("settings.lang"), tongue),
      field(t("settings.voice"), voice), field(t("settings.format"), format, { hint: t("settings.format.hint") }),
      h("div", { class: "fields pair" }, field(t("settings.fps"), fps), field(t("settings.kbps"), rate)),
      owner && h("div", { class: "wide row" }, save), !owner && h("p", { class: "wide small faint" }, t("settings.owner_only"))));
}

function panelCard() {
  const themes = [["auto", t("theme.auto")], ["light", t("theme.light")], ["dark", t("theme.dark")]];
  return h("section", { class: "card" }, h("header", {}, h("h2", {}, icon("sun"), t("settings.panel"))),
    h("div", { class: "stack" },
      h("div", { class: "row between wrapping" }, h("span", { class: "label" }, t("settings.language")), segments(LANGS, lang(), setLang, t("settings.language"))),
      h("div", { class: "row between wrapping" }, h("span", { class: "label" }, t("settings.theme")), segments(themes, chosenTheme(), setTheme, t("settings.theme"))),
      h("div", { class: "row between wrapping signed" }, h("span", { class: "label" }, t("settings.signed_in", { name: session.me.name, role: t(`role.${session.me.role}`) })),
        button(t("sign_out"), { sign: "exit", small: true, onclick: () => signOut().then(() => location.reload()) }))));
}

function aboutCard(health) {
  const rows = [[t("about.version"), health.version], [t("about.uptime"), clock(health.uptime_s)], [t("about.health"), t(`health.${health.status}`)]];
  return h("section", { class: "card" }, h("header", {}, h("h2", {}, icon("info"), t("settings.about"))),
    h("dl", { class: "facts" }, rows.map(([k, v]) => [h("dt", {}, k), h("dd", { class: "num" }, v)])),
    h("p", { class: "small faint about" }, t("about.text")),
    h("div", { class: "row wrapping" }, h("a", { class: "btn small", href: "/docs", target: "_blank", rel: "noopener" }, icon("link", "s"), t("about.api")),
      h("a", { class: "btn small", href: "/metrics", target: "_blank", rel: "noopener" }, icon("gauge", "s"), t("about.metrics"))));
}

export async function settings(page) {
  const [room, voices, health] = await Promise.all([get(roomPath()), get("/voices").catch(() => []), get("/health")]);
  session.room = room;
  const tokens = may("owner") ? await tokensCard() : null;
  page.append(h("div", { class: "page-head" }, h("div", {}, h("h1", {}, t("page.settings")), h("p", {}, t("settings.lead")))),
    h("div", { class: "two-columns" }, h("div", { class: "stack" }, roomCard(room, voices), tokens), h("div", { class: "stack" }, panelCard(), aboutCard(health))));
}
