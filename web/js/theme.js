/** Dark or light: the system's choice until the user makes one. */
const KEY = "na.theme";
const system = matchMedia("(prefers-color-scheme: light)");

/** "auto", "dark" or "light". */
export const chosenTheme = () => localStorage.getItem(KEY) ?? "auto";

export const theme = () => document.documentElement.dataset.theme;

function apply() {
  const chosen = chosenTheme();
  const now = chosen === "auto" ? (system.matches ? "light" : "dark") : chosen;
  document.documentElement.dataset.theme = now;
  document.querySelector('meta[name="theme-color"]').content = now === "light" ? "#f3f5fa" : "#0b1122";
}

export function setTheme(value) {
  if (value === "auto") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, value);
  apply();
  window.dispatchEvent(new Event("nightanchor:theme"));
}

system.addEventListener("change", apply);
apply();
