/** Landmark editor: drag eyes, mouth and chin to where they are in the picture. */
import { put } from "../api.js";
import { button, h, segments } from "../dom.js";
import { t } from "../i18n.js";
import { attempt, done, sheet } from "../notice.js";

/** Where the points lie in a picture of a person from the front, as shares of width and height. */
const USUAL = {
  left_eye: [0.43, 0.3], right_eye: [0.57, 0.3], mouth_left: [0.45, 0.41], mouth_right: [0.55, 0.41],
  mouth_top: [0.5, 0.395], mouth_bottom: [0.5, 0.425], chin: [0.5, 0.48],
};
const NAMES = Object.keys(USUAL);
const LINES = [["left_eye", "right_eye"], ["mouth_left", "mouth_top"], ["mouth_top", "mouth_right"], ["mouth_right", "mouth_bottom"],
  ["mouth_bottom", "mouth_left"], ["mouth_bottom", "chin"]];
const STEP = 1;

/** Points in source pixels, from what the look knows and the usual places. */
export function startPoints(known, width, height) {
  return Object.fromEntries(NAMES.map((name) => {
    const point = known?.[name];
    const good = Array.isArray(point) && point[0] >= 0 && point[1] >= 0 && point[0] <= width && point[1] <= height;
    return [name, good ? [...point] : [USUAL[name][0] * width, USUAL[name][1] * height]];
  }));
}

function svg(tag, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

export function landmarkEditor(look, saved) {
  const image = h("img", { src: `/looks/${encodeURIComponent(look.id)}/source`, alt: look.name, draggable: false });
  const overlay = svg("svg", { class: "marks", preserveAspectRatio: "none" });
  const board = h("div", { class: "marks-board" }, image, overlay);
  const where = h("p", { class: "small muted num", "aria-live": "polite" }, t("marks.help"));
  const handles = {};
  let points = null;
  let size = [1, 1];

  const place = () => {
    for (const name of NAMES) {
      const [x, y] = points[name];
      handles[name].style.setProperty("left", `${(100 * x) / size[0]}%`);
      handles[name].style.setProperty("top", `${(100 * y) / size[1]}%`);
    }
    overlay.replaceChildren(...LINES.map(([a, b]) => svg("line", { x1: points[a][0], y1: points[a][1], x2: points[b][0], y2: points[b][1] })));
  };
  const move = (name, x, y) => {
    points[name] = [Math.min(size[0], Math.max(0, x)), Math.min(size[1], Math.max(0, y))];
    where.textContent = `${t(`mark.${name}`)}: ${points[name].map((v) => Math.round(v)).join(", ")}`;
    place();
  };

  for (const name of NAMES) {
    const handle = h("button", { type: "button", class: `mark mark-${name}`, "data-mark": name, "aria-label": t(`mark.${name}`), title: t(`mark.${name}`) });
    let grip = null;
    handle.addEventListener("pointerdown", (event) => {
      if (!points) return;
      event.preventDefault();
      handle.focus();
      handle.setPointerCapture(event.pointerId);
      const box = image.getBoundingClientRect();
      grip = { scale: size[0] / box.width, x: event.clientX, y: event.clientY, from: points[name] };
      handle.classList.add("held");
    });
    handle.addEventListener("pointermove", (event) => {
      if (grip) move(name, grip.from[0] + (event.clientX - grip.x) * grip.scale, grip.from[1] + (event.clientY - grip.y) * grip.scale);
    });
    const release = () => {
      grip = null;
      handle.classList.remove("held");
    };
    handle.addEventListener("pointerup", release);
    handle.addEventListener("pointercancel", release);
    handle.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!way || !points) return;
      event.preventDefault();
      const step = event.shiftKey ? STEP * 10 : STEP;
      move(name, points[name][0] + way[0] * step, points[name][1] + way[1] * step);
    });
    handles[name] = handle;
    board.append(handle);
  }
  image.addEventListener("load", () => {
    size = [image.naturalWidth, image.naturalHeight];
    overlay.setAttribute("viewBox", `0 0 ${size[0]} ${size[1]}`);
    points = startPoints(look.landmarks, ...size);
    board.classList.add("ready");
    save.disabled = false;
    place();
  });

  const frame = h("div", { class: "marks-frame" }, board);
  const zoom = (by) => {
    board.style.setProperty("--zoom", by);
    if (!points) return;
    const [x, y] = points.mouth_top;
    frame.scrollTo((x / size[0]) * board.offsetWidth - frame.clientWidth / 2, (y / size[1]) * board.offsetHeight - frame.clientHeight / 2);
  };
  let closeSheet = () => {};
  const save = button(t("marks.save"), { kind: "primary", sign: "check", disabled: true, onclick: () => attempt(save, async () => {
    const body = Object.fromEntries(NAMES.map((name) => [name, points[name].map((v) => Math.round(v * 10) / 10)]));
    await put(`/looks/${encodeURIComponent(look.id)}/landmarks`, body);
    done(t("marks.saved"));
    closeSheet();
    saved();
  }) });
  sheet(t("marks.title"), (close) => {
    closeSheet = close;
    return { body: h("div", { class: "stack tight" }, h("div", { class: "row between marks-head" }, where,
      segments([["1", "1×"], ["2", "2×"], ["4", "4×"]], "1", zoom, t("marks.zoom"))), frame),
      footer: [button(t("cancel"), { onclick: close }), save] };
  }, { wide: true });
}
