/** Words of the panel in the user's language. */
import deskEn from "./i18n/desk_en.js";
import deskZh from "./i18n/desk_zh.js";
import en from "./i18n/en.js";
import trainingEn from "./i18n/training_en.js";
import trainingZh from "./i18n/training_zh.js";
import wardrobeEn from "./i18n/wardrobe_en.js";
import wardrobeZh from "./i18n/wardrobe_zh.js";
import zh from "./i18n/zh.js";

const WORDS = { en: { ...en, ...wardrobeEn, ...trainingEn, ...deskEn }, zh: { ...zh, ...wardrobeZh, ...trainingZh, ...deskZh } };
const KEY = "na.lang";
export const LANGS = [["zh", "中文"], ["en", "English"]];

let current = stored() ?? (navigator.language?.toLowerCase().startsWith("zh") ? "zh" : "en");
document.documentElement.lang = current === "zh" ? "zh-CN" : "en";

function stored() {
  const value = localStorage.getItem(KEY);
  return value in WORDS ? value : null;
}

export const lang = () => current;

/** Change the language; `nightanchor:language` is fired on window. */
export function setLang(next) {
  current = next;
  localStorage.setItem(KEY, next);
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
  window.dispatchEvent(new Event("nightanchor:language"));
}

/** The words for `key`, with `{name}` filled in from `values`; `{n|one|many}` is `one` where n is 1, else `many`. */
export function t(key, values = {}) {
  const words = (WORDS[current][key] ?? WORDS.en[key] ?? key)
    .replace(/\{(\w+)\|([^|{}]*)\|([^|{}]*)\}/g, (whole, name, one, many) => (Number(values[name]) === 1 ? one : many));
  return words.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name] ?? "") : whole));
}

/** Whether there are words for `key`. */
export const known = (key) => key in WORDS[current];

/** The text of a `{zh, en, ja}` document in the user's language, or else in any. */
export function local(texts) {
  if (!texts) return "";
  if (typeof texts === "string") return texts;
  return texts[current] || texts.zh || texts.en || Object.values(texts).find(Boolean) || "";
}

const SIGNS = { CNY: "¥", JPY: "¥", USD: "$", EUR: "€", GBP: "£", KRW: "₩" };

/** A price as shoppers write it; an em dash when there is none. */
export function money(amount, currency = "CNY") {
  if (amount === null || amount === undefined || amount === "") return "—";
  return `${SIGNS[currency] ?? `${currency} `}${amount}`;
}

const UNITS = ["B", "KB", "MB", "GB"];

/** A size in bytes as 6.1 MB. */
export function bytes(count) {
  let n = count || 0, unit = 0;
  while (n >= 1000 && unit < UNITS.length - 1) { n /= 1024; unit += 1; }
  return `${n < 10 && unit ? n.toFixed(1) : Math.round(n)} ${UNITS[unit]}`;
}

/** An instant as the hour and minute of this machine, with the day and the year when they are others than today's. */
export function moment(iso) {
  if (!iso) return "";
  const at = new Date(iso), today = new Date();
  const time = { hour: "2-digit", minute: "2-digit", hour12: false };
  const day = at.toDateString() === today.toDateString() ? {} : { year: at.getFullYear() === today.getFullYear() ? undefined : "numeric", month: "numeric", day: "numeric" };
  return at.toLocaleString(locale(), { ...day, ...time });
}

/** Seconds as 0:07, 12:30 or 3:04:05. */
export function clock(seconds) {
  const s = Math.max(0, Math.floor(seconds || 0));
  const two = (n) => String(n).padStart(2, "0");
  const minutes = Math.floor(s / 60) % 60;
  return s < 3600 ? `${minutes}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(minutes)}:${two(s % 60)}`;
}

const locale = () => (current === "zh" ? "zh-CN" : "en-GB");

/** A number as people of the language write it; `options` are those of Intl.NumberFormat. */
export const number = (n, options = {}) => new Intl.NumberFormat(locale(), options).format(n);

/** A length of time as people say it: 3 h 5 min. */
export function span(seconds) {
  const minutes = Math.round((seconds || 0) / 60);
  if (minutes < 1) return t("time.under");
  if (minutes < 60) return t("time.min", { n: minutes });
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (hours < 24) return rest ? t("time.h_min", { h: hours, m: rest }) : t("time.h", { n: hours });
  const [days, left] = [Math.floor(hours / 24), hours % 24];
  return left ? t("time.d_h", { d: days, h: left }) : t("time.d", { n: days });
}

/** A length of time that is only estimated: about 12 min. */
export const about = (seconds) => (seconds < 45 ? t("time.under") : t("time.about", { time: span(seconds) }));
