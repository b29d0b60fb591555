/** Elements without HTML: text from outside can only ever become text. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element. Keys beginning with `on` are listeners, `class` and `data-*`/`aria-*` attributes, `style` an object
 * of CSS properties; booleans switch attributes; anything that is a property of the element is set as one.
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "style") for (const [name, v] of Object.entries(value)) element.style.setProperty(name, v);
    else if (key === "class" || key.includes("-") || key === "role" || key === "for") {
      element.setAttribute(key, String(value));
    } else if (key in element && key !== "list" && key !== "form") element[key] = value;
    else if (value !== false) element.setAttribute(key, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Put new children in the place of the old ones. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/** Set text only when it differs, so that nothing is laid out twice a second for nothing. */
export function say(element, text) {
  if (element.textContent !== String(text)) element.textContent = String(text);
}

/** Make an element of SVG; all of its properties are attributes. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  append(element, children);
  return element;
}

/** One sign out of /icons.svg; decoration, so hidden from readers. */
export const icon = (name, size = "") =>
  svg("svg", { class: `icon ${size}`.trim(), "aria-hidden": "true" }, svg("use", { href: `/icons.svg#${name}` }));

/**
 * A part of a page that is drawn again only when what it shows has changed. `build(shown)` gives its children; the
 * focus stays on the control with the same `data-act`.
 */
export function changing(element, build) {
  let before;
  const show = (shown, ...more) => {
    const now = JSON.stringify(shown);
    if (now === before) return;
    before = now;
    const held = element.contains(document.activeElement) ? document.activeElement.closest("[data-act]")?.dataset.act : null;
    fill(element, build(shown, ...more));
    if (held) element.querySelector(`[data-act="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
  };
  return { element, show };
}

/** Have one card in `list` for each of `rows`, made once and told of changes; cards that stay are not touched. */
export function reconcile(list, cards, rows, make) {
  for (const [id, card] of cards) {
    if (rows.some((row) => row.id === id)) continue;
    card.close?.();
    card.element.remove();
    cards.delete(id);
  }
  rows.forEach((row, n) => {
    const card = cards.get(row.id) ?? make(row, n);
    cards.set(row.id, card);
    card.update(row);
    if (list.children[n] !== card.element) list.insertBefore(card.element, list.children[n] ?? null);
  });
}

/** A button; with `only` the label is read aloud but not shown. */
export function button(label, { sign = "", kind = "", small = false, only = false, ...rest } = {}) {
  const names = ["btn", kind, small ? "small" : "", only ? "only" : ""].filter(Boolean).join(" ");
  const props = { type: "button", class: names, ...rest };
  if (only) Object.assign(props, { "aria-label": label, title: label });
  return h("button", props, sign && icon(sign, small ? "s" : ""), only ? null : h("span", {}, label));
}

/** The logo with the name; the name alone where the picture is missing. */
export function brandMark(size) {
  const logo = h("img", { src: "/logo.svg", alt: "", width: size, height: size });
  logo.addEventListener("error", () => logo.remove());
  return [logo, h("b", {}, "NightAnchor")];
}

/** A labelled control. */
export function field(label, control, { hint = "", wide = false } = {}) {
  return h("label", { class: `field${wide ? " wide" : ""}` }, h("span", {}, label), control,
    hint && h("small", {}, hint));
}

/** A drop-down: `options` are [value, label] pairs. */
export function select(options, value, props = {}) {
  const element = h("select", { class: "input", ...props },
    options.map(([v, label]) => h("option", { value: v }, label)));
  element.value = value ?? options[0]?.[0] ?? "";
  return element;
}

/** A few choices side by side; `chosen(value)` is called on a click. */
export function segments(options, value, chosen, label) {
  const group = h("div", { class: "seg", role: "group", "aria-label": label });
  const mark = (now) => {
    for (const b of group.children) b.setAttribute("aria-pressed", String(b.dataset.value === String(now)));
  };
  for (const [v, text] of options) {
    group.append(h("button", { type: "button", "data-value": v, onclick: () => { mark(v); chosen(v); } }, text));
  }
  mark(value);
  return group;
}

/** What a list shows while there is nothing in it. */
export function empty(sign, title, text, action = null) {
  return h("div", { class: "empty" }, h("div", { class: "bubble" }, icon(sign, "l")), h("b", {}, title),
    text && h("p", { class: "small" }, text), action);
}
