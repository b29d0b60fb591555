/** Words: what the presenter may not say. The lists that ship, the room's own, and a place to try a sentence. */
import { get } from "../api.js";
import { fill, h, icon, say } from "../dom.js";
import { local, t } from "../i18n.js";
import { session } from "../session.js";
import { ownWords } from "./words_own.js";
import { trySentence } from "./words_try.js";

const SHOWN = 60;

/** The lists that ship; closed until one is opened or something is looked for. */
function shippedLists(lists) {
  const body = h("div", { class: "stack tight" });
  const open = new Set();
  const search = h("input", { class: "input", type: "search", placeholder: t("words.search"), "aria-label": t("words.search"), name: "search-lists", oninput: () => paint() });
  const total = lists.reduce((sum, l) => sum + l.rules.length, 0);
  const found = h("p", { class: "small faint", "aria-live": "polite" });

  function rules(list, wanted, every) {
    const kept = wanted ? list.rules.filter((r) => [r.name, r.say ?? "", ...(r.fine ?? [])].some((x) => x.toLowerCase().includes(wanted))) : list.rules;
    const shown = every ? kept : kept.slice(0, SHOWN);
    return [kept.length, h("ul", { class: "rule-words" }, shown.map((r) => h("li", { title: r.fine?.length ? t("words.but", { list: r.fine.join(t("comma")) }) : "" }, h("b", {}, r.name), r.say ? h("span", { class: "muted" }, icon("right", "s"), r.say) : null)),
      kept.length > shown.length && h("li", { class: "more" }, h("button", { type: "button", class: "btn small ghost", onclick: (event) => event.currentTarget.closest(".rule-words").replaceWith(rules(list, wanted, true)[1]) }, t("words.show_all", { n: kept.length }))))];
  }
  function paint() {
    const wanted = search.value.trim().toLowerCase();
    let hits = 0;
    fill(body, lists.map((list) => {
      const [count, words] = rules(list, wanted, false);
      hits += count;
      if (wanted && !count) return null;
      const details = h("details", { class: "word-list", open: Boolean(wanted) || open.has(list.category), ontoggle: () => { if (!wanted) open[details.open ? "add" : "delete"](list.category); } },
        h("summary", {}, h("b", {}, local(list.title)), h("span", { class: "pill plain num" }, count)), h("p", { class: "small muted wrap" }, local(list.reason)), words);
      details.dataset.category = list.category;
      return details;
    }));
    say(found, wanted ? t("words.hits", { n: hits }) : t("words.shipped.text", { n: total }));
  }
  paint();
  return h("section", { class: "card", "data-part": "lists" }, h("header", {}, h("h2", {}, icon("airlog"), t("words.shipped"))), h("div", { class: "stack tight" }, search, found, body));
}

export async function words(page) {
  const [lists, products] = await Promise.all([get("/guard/lists"), get(`/products?room=${encodeURIComponent(session.room.id)}`)]);
  const mine = ownWords();
  await mine.load();
  page.append(h("div", { class: "page-head" }, h("div", {}, h("h1", {}, t("page.words")), h("p", {}, t("words.lead")))),
    h("div", { class: "two-columns words" }, h("div", { class: "stack" }, mine.own, shippedLists(lists)), h("div", { class: "stack words-aside" }, trySentence(products, () => mine.load().catch(() => {})), mine.allowed)));
}
