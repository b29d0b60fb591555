/** Destination form: a platform or a recording. The key goes in and never comes out. */
import { patch, post } from "../api.js";
import { button, field, fill, h, icon, segments, select } from "../dom.js";
import { local, t } from "../i18n.js";
import { attempt, done, sheet } from "../notice.js";
import { session } from "../session.js";

/** Open the form for a destination, or for a new one when it is null. */
export function destinationForm(output, platforms, saved) {
  let kind = output?.kind ?? "rtmp";
  const name = h("input", { name: "name", value: output?.name ?? "", maxLength: 120, required: true });
  const platform = select(platforms.map((p) => [p.id, local(p.name)]), output?.platform || platforms[0]?.id, { name: "platform" });
  const url = h("input", { name: "url", class: "mono", value: output?.url ?? "", maxLength: 500, inputMode: "url", spellcheck: false, autocomplete: "off" });
  const key = h("input", { name: "key", type: "password", maxLength: 500, autocomplete: "new-password", spellcheck: false,
    placeholder: t(output?.has_key ? "outputs.key.kept" : "outputs.key.none") });
  const refresh = h("input", { name: "refresh_url", class: "mono", value: output?.refresh_url ?? "", maxLength: 500, spellcheck: false });
  const note = h("p", { class: "wrap" });
  const noteBox = h("div", { class: "note wide" }, icon("info", "s"), note);
  let named = Boolean(output);
  name.addEventListener("input", () => { named = true; });

  const paintPlatform = () => {
    const chosen = platforms.find((p) => p.id === platform.value);
    fill(note, local(chosen?.notes));
    noteBox.hidden = kind !== "rtmp" || !local(chosen?.notes);
    url.placeholder = chosen?.url_hint || "rtmp://…";
    if (!named) name.value = kind === "record" ? t("outputs.record") : local(chosen?.name);
  };
  platform.addEventListener("change", paintPlatform);
  const rtmp = [field(t("outputs.platform"), platform, { wide: true }), noteBox, field(t("outputs.url"), url, { wide: true }),
    field(t("outputs.key"), key, { wide: true, hint: t("outputs.key.hint") }),
    h("details", { class: "wide" }, h("summary", { class: "small muted" }, t("outputs.advanced")),
      field(t("outputs.refresh"), refresh, { wide: true, hint: t("outputs.refresh.hint") }))];
  const record = [h("p", { class: "muted wide" }, t("outputs.record.text"))];
  const paintKind = () => {
    for (const part of rtmp) part.hidden = kind !== "rtmp";
    for (const part of record) part.hidden = kind !== "record";
    paintPlatform();
  };
  paintKind();

  const document = () => {
    const common = { name: name.value.trim() };
    if (kind === "record") return common;
    // What is shown of an address may have been redacted: send it only when it was typed anew.
    const address = url.value.trim();
    return { ...common, platform: platform.value, refresh_url: refresh.value.trim(),
      ...(address !== output?.url ? { url: address } : {}), ...(key.value ? { key: key.value.trim() } : {}) };
  };
  sheet(t(output ? "outputs.edit" : "outputs.add"), (close) => {
    const save = button(t(output ? "save" : "outputs.add.go"), { kind: "primary", sign: "check", onclick: () => attempt(save, async () => {
      if (output) await patch(`/outputs/${encodeURIComponent(output.id)}`, document());
      else await post("/outputs", { room: session.room.id, kind, ...document() });
      key.value = "";
      done(t(output ? "saved" : "outputs.added"));
      close();
      saved();
    }) });
    return {
      body: h("div", { class: "fields" },
        !output && h("div", { class: "wide" }, segments([["rtmp", t("outputs.kind.rtmp")], ["record", t("outputs.kind.record")]], kind,
          (value) => { kind = value; paintKind(); }, t("outputs.kind"))),
        rtmp, record, field(t("outputs.name"), name, { wide: true })),
      footer: [button(t("cancel"), { onclick: close }), save],
    };
  });
}
