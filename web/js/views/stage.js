/** Stage: the live picture with its controls. */
import { post } from "../api.js";
import { button, fill, h, icon, say } from "../dom.js";
import { t } from "../i18n.js";
import { attempt, confirm } from "../notice.js";
import { Player } from "../player.js";
import { may, roomPath, session } from "../session.js";

export function stage() {
  const { width = 720, height = 1280 } = session.room;
  const video = h("video", { muted: true, playsInline: true, autoplay: true, "aria-label": t("stage.video"), id: "preview" });
  const cover = h("div", { class: "stage-cover" }, h("i", { class: "spinner" }), h("span", {}, t("player.connecting")));
  const latency = h("span", { class: "stage-chip num", title: t("stage.latency.about") }, "—");
  const state = h("span", { class: "stage-chip stage-live" }, h("i"), h("span", {}, "—"));
  const sound = h("button", { type: "button", class: "stage-btn", onclick: () => {
    video.muted = !video.muted;
    paintSound();
  } });
  const paintSound = () => {
    const label = t(video.muted ? "stage.unmute" : "stage.mute");
    fill(sound, icon(video.muted ? "muted" : "volume", "s"), video.muted ? h("span", {}, label) : null);
    sound.classList.toggle("lit", video.muted);
    sound.setAttribute("aria-label", label);
    sound.title = label;
  };
  paintSound();
  video.addEventListener("volumechange", paintSound);
  const jump = h("button", { type: "button", class: "stage-btn", "aria-label": t("stage.jump"), title: t("stage.jump"),
    onclick: () => player.jumpToLive() }, icon("live", "s"));
  const frame = h("div", { class: "stage", style: { "aspect-ratio": `${width} / ${height}`, "--ratio": width / height } }, video, cover);
  const strip = h("div", { class: "stage-bar" }, state, latency, h("span", { class: "grow" }), jump, sound);

  const player = new Player(video, roomPath("/preview"), ({ state: now, latency: behind }) => {
    const playing = now === "playing";
    cover.hidden = playing;
    if (!playing) say(cover.lastChild, t(`player.${now}`));
    cover.firstChild.hidden = ["denied", "unsupported", "blocked"].includes(now);
    say(latency, behind === null ? "—" : t("stage.latency", { s: behind.toFixed(1) }));
    latency.classList.toggle("late", behind !== null && behind > 1.5);
    jump.classList.toggle("lit", behind !== null && behind > 1.5);
  });

  let on = null;
  const power = button("", { sign: "power", onclick: async () => {
    if (on && !(await confirm(t("stage.stop.title"), t("stage.stop.text"), t("stage.stop")))) return;
    await attempt(power, () => post(roomPath(on ? "/stop" : "/start")));
  } });
  power.hidden = !may("operator");
  const update = (document, connected) => {
    const shown = connected ? document.state : "down";
    state.dataset.state = shown;
    say(state.lastChild, t(`state.${shown}`));
    if (document.on_air !== on) {
      on = document.on_air;
      say(power.lastChild, t(on ? "stage.stop" : "stage.start"));
      power.classList.toggle("primary", !on);
      power.classList.toggle("danger", on);
    }
    power.disabled = !connected;
    say(look, document.look?.name ?? t("stage.no_look"));
  };
  const look = h("b", { class: "clip" }, "—");
  const element = h("section", { class: "card stage-card", "aria-label": t("stage.label") }, strip, frame,
    h("div", { class: "row between stage-foot" },
      h("div", { class: "grow" }, h("div", { class: "small faint" }, t("stage.presenter")), look), power));
  return { element, update, close: () => player.close() };
}
