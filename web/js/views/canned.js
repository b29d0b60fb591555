/** Canned lines: sentences that are ready, said with one click. */
import { get, post, put, remove } from "../api.js";
import { button, field, fill, h, icon, select } from "../dom.js";
import { reordered } from "../drag_list.js";
import { t } from "../i18n.js";
import { attempt, confirm, done, failed, sheet } from "../notice.js";
import { may, session } from "../session.js";
import { askGuard, whyPanel } from "./why.js";

const TONGUES = [["zh", "中文"], ["en", "English"], ["ja", "日本語"]];
const path = (line, rest = "") => `/lines/${encodeURIComponent(line.id)}${rest}`;

export function cannedLines() {
  const chips = h("div", { class: "chips canned" });
  const tried = h("div", {});
  let lines = [];

  const paint = () => fill(chips, lines.map((line) => {
    const chip = h("button", { type: "button", class: "canned-line", "data-line": line.id, title: line.text, onclick: () => attempt(chip, async () => {
      try {
        await post(path(line, "/say"), { when: "boundary" });
      } catch (error) {
        if (error.reason !== "held") throw error;
        const verdict = (await askGuard(line.text, line.lang)) ?? { action: "hold", text: line.text, said: "", hits: [], message: error.message, nextStep: error.nextStep };
        fill(tried, h("div", { class: "refused" }, h("b", { class: "small bad-text" }, t("say.held")), h("p", { class: "wrap" }, line.text), whyPanel(verdict, { lang: line.lang, said: () => fill(tried) })));
        return;
      }
      fill(tried);
      done(t("canned.said", { name: line.title || line.text.slice(0, 24) }));
    }) }, icon("send", "s"), h("span", { class: "clip" }, line.title || line.text));
    return chip;
  }), lines.length === 0 && h("p", { class: "small faint" }, t("canned.none")));

  async function load() {
    lines = (await get(`/lines?room=${encodeURIComponent(session.room.id)}`)).sort((a, b) => a.position - b.position);
    paint();
  }

  const form = (line, saved) => sheet(t(line ? "canned.edit" : "canned.add"), (close) => {
    const title = h("input", { name: "title", value: line?.title ?? "", maxLength: 80, autofocus: true });
    const text = h("textarea", { name: "text", rows: 4, value: line?.text ?? "", maxLength: 1000, required: true });
    const tongue = select([["", t("say.lang.auto")], ...TONGUES], line?.lang ?? "", { name: "lang" });
    const save = button(t("save"), { kind: "primary", sign: "check", onclick: () => attempt(save, async () => {
      if (!text.reportValidity() || !text.value.trim()) return;
      const body = { room: session.room.id, position: line?.position ?? lines.length, title: title.value.trim(), text: text.value.trim(), lang: tongue.value || null };
      await (line ? put(path(line), body) : post("/lines", body));
      await load();
      close();
      saved();
    }) });
    return { body: h("div", { class: "fields" }, field(t("canned.name"), title, { hint: t("canned.name.hint") }), field(t("say.lang"), tongue), field(t("canned.text"), text, { wide: true })), footer: [button(t("cancel"), { onclick: close }), save] };
  });

  const manage = () => sheet(t("canned.title"), (close) => {
    const list = h("ul", { class: "lines" });
    const show = () => fill(list, lines.map((line, n) => {
      const shift = (by) => attempt(null, async () => {
        const order = reordered(lines, n, n + by);
        for (const [position, other] of order.entries()) {
          if (other.position !== position) await put(path(other), { room: session.room.id, position, title: other.title, text: other.text, lang: other.lang });
        }
        await load();
        show();
      });
      const up = button(t("rundown.up"), { sign: "up", small: true, only: true, kind: "ghost", disabled: n === 0, onclick: () => shift(-1) });
      const down = button(t("rundown.down"), { sign: "down", small: true, only: true, kind: "ghost", disabled: n === lines.length - 1, onclick: () => shift(1) });
      const erase = button(t("delete"), { sign: "trash", small: true, only: true, kind: "ghost danger", onclick: async () => {
        if (!(await confirm(t("canned.delete"), line.title || line.text, t("delete")))) return;
        await attempt(erase, async () => { await remove(path(line)); await load(); show(); });
      } });
      return h("li", { class: "line", "data-id": line.id }, h("div", { class: "grow" }, h("div", { class: "clip strong" }, line.title || line.text), line.title && h("div", { class: "small faint clip", lang: line.lang }, line.text)),
        line.lang && h("span", { class: "pill plain" }, line.lang), h("div", { class: "row line-acts" }, up, down, button(t("edit"), { sign: "edit", small: true, only: true, kind: "ghost", onclick: () => form(line, show) }), erase));
    }), lines.length === 0 && h("li", { class: "small faint" }, t("canned.none")));
    show();
    return { body: list, footer: [button(t("close"), { onclick: close }), h("span", { class: "grow" }), button(t("canned.add"), { kind: "primary", sign: "plus", onclick: () => form(null, show) })] };
  });
  const element = h("div", { class: "stack tight" }, h("div", { class: "row between" }, h("h3", { class: "muted" }, t("canned.title")), may("operator") && button(t("canned.manage"), { sign: "edit", small: true, kind: "ghost", onclick: manage })), chips, tried);
  load().catch((error) => { if (error.status !== 404) failed(error); });
  return { element };
}
