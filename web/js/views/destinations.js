/** Destinations: where the stream goes, and the address to pull it from. */
import { get, post, remove } from "../api.js";
import { button, empty, fill, h, icon } from "../dom.js";
import { clock, local, t } from "../i18n.js";
import { status } from "../live.js";
import { attempt, confirm, done, failed } from "../notice.js";
import { may, roomPath, session } from "../session.js";
import { destinationForm } from "./destination_form.js";
import { outputPill, outputTrouble } from "./outputs_card.js";

const path = (output) => `/outputs/${encodeURIComponent(output.id)}`;

function pullCard() {
  const address = `${location.origin}${roomPath("/live.flv")}`;
  const input = h("input", { class: "input mono", readOnly: true, value: address, "aria-label": t("pull.address"), onfocus: () => input.select() });
  const copy = button(t("copy"), { sign: "copy", onclick: async () => {
    try {
      await navigator.clipboard.writeText(address);
    } catch {
      input.select();
      document.execCommand("copy");
    }
    done(t("copied"));
  } });
  return h("section", { class: "card" }, h("header", {}, h("h2", {}, icon("link"), t("pull.title"))),
    h("p", { class: "muted small" }, t("pull.text")), h("div", { class: "row pull-row" }, h("div", { class: "grow" }, input), copy),
    h("p", { class: "faint small" }, t("pull.remote")));
}

function figures(output, state) {
  const parts = [];
  if (state.state === "live") {
    if (state.bitrate_kbps) parts.push(`${Math.round(state.bitrate_kbps)} kbps`);
    parts.push(clock(state.connected_s));
  }
  if (state.reconnects) parts.push(t("outputs.reconnects", { n: state.reconnects }));
  if (state.dropped) parts.push(t("outputs.dropped", { n: state.dropped }));
  if (output.kind === "rtmp") parts.push(t(output.has_key ? "outputs.has_key" : "outputs.no_key"));
  return parts.join(" · ");
}

export async function destinations(page) {
  const list = h("div", { class: "stack" });
  const states = new Map();
  let platforms = [];

  function card(output) {
    const pill = h("span");
    const line = h("p", { class: "small faint num" });
    const trouble = h("div", { class: "note bad", hidden: true });
    const paint = (state) => {
      fill(pill, outputPill(output.paused ? "paused" : state.state, output.kind));
      fill(line, figures(output, state));
      const bad = ["failed", "backoff", "stalled"].includes(state.state) && !output.paused;
      trouble.hidden = !bad;
      if (bad) {
        const { what, next } = outputTrouble(state);
        fill(trouble, icon("warn", "s"), h("div", { class: "wrap" }, h("b", {}, what), next && h("p", {}, next),
          state.message && state.message !== what && h("p", { class: "mono faint small" }, state.message),
          state.retry_s ? h("p", { class: "faint num" }, t("output.retry", { s: Math.ceil(state.retry_s) })) : null));
      }
    };
    states.set(output.id, paint);
    paint(output.state ?? { state: "idle" });
    const act = (control, verb) => attempt(control, async () => {
      await post(`${path(output)}/${verb}`);
      await load();
    });
    const hold = button(t(output.paused ? "outputs.resume" : "outputs.pause"), { sign: output.paused ? "play" : "pause", small: true,
      onclick: () => act(hold, output.paused ? "resume" : "pause") });
    const erase = button(t("delete"), { sign: "trash", small: true, only: true, kind: "ghost danger", onclick: async () => {
      if (!(await confirm(t("outputs.delete.title"), t("outputs.delete.text", { name: output.name }), t("delete")))) return;
      await attempt(erase, async () => {
        await remove(path(output));
        await load();
      });
    } });
    const platform = platforms.find((p) => p.id === output.platform);
    return h("article", { class: "card output", "data-id": output.id },
      h("div", { class: "output-sign" }, icon(output.kind === "record" ? "record" : "outputs")),
      h("div", { class: "grow stack tight" },
        h("div", { class: "row wrapping" }, h("h2", { class: "wrap" }, output.name), pill,
          platform && platform.id !== "custom" && h("span", { class: "pill plain" }, local(platform.name))),
        output.url && h("p", { class: "mono faint wrap" }, output.url), line, trouble),
      h("div", { class: "row output-acts" }, may("operator") && hold,
        may("owner") && button(t("edit"), { sign: "edit", small: true, onclick: () => destinationForm(output, platforms, reload) }),
        may("owner") && erase));
  }

  async function load() {
    const all = await get(`/outputs?room=${encodeURIComponent(session.room.id)}`);
    states.clear();
    fill(list, all.length ? all.map(card) : h("div", { class: "card" }, empty("outputs", t("outputs.none"), t("outputs.none.text"),
      may("owner") && button(t("outputs.add"), { kind: "primary", sign: "plus", onclick: add }))));
  }
  const reload = () => load().catch(failed);
  const add = () => destinationForm(null, platforms, reload);

  page.append(h("div", { class: "page-head" }, h("div", {}, h("h1", {}, t("page.outputs")), h("p", {}, t("outputs.lead"))),
    may("owner") && button(t("outputs.add"), { kind: "primary", sign: "plus", onclick: add })),
  h("div", { class: "two-columns" }, list, h("div", { class: "stack" }, pullCard(),
    h("div", { class: "note" }, icon("key", "s"), h("p", {}, t("outputs.key_note"))))));
  platforms = await get("/outputs/platforms");
  await load();
  return status.subscribe((document) => {
    for (const output of document.outputs) states.get(output.id)?.(output);
  });
}
