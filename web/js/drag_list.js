/** A list whose entries are put in another order: a mouse or a finger drags the handle, arrow keys move by one. */

const EDGE_PX = 70;
const STEP_PX = 12;
const STEP_MS = 24;
const THRESHOLD_PX = 4;

/** Where an entry would land: how many of the others have their middle above `middle`. */
export const landing = (middles, from, middle) => middles.filter((m, n) => n !== from && m < middle).length;

/** A copy of `list` with the entry at `from` put at `to`. */
export function reordered(list, from, to) {
  const rest = [...list];
  const [entry] = rest.splice(from, 1);
  rest.splice(Math.min(Math.max(to, 0), rest.length), 0, entry);
  return rest;
}

/**
 * Make the children of `list` movable by what in them matches `handle`. `moved(from, to)` is called once for each change;
 * it draws the list anew. Nothing is moved in the document while the pointer is down, so that a touch is not lost.
 */
export function sortable(list, { handle, moved }) {
  let busy = false;

  function begin(event) {
    const grip = event.target.closest(handle);
    if (!grip || busy || event.button > 0 || grip.disabled) return;
    const entry = [...list.children].find((child) => child.contains(grip));
    const entries = [...list.children];
    const from = entries.indexOf(entry);
    if (from < 0) return;
    busy = true;
    const boxes = entries.map((e) => e.getBoundingClientRect());
    const top = boxes.map((b) => b.top + window.scrollY);
    const middles = boxes.map((b, n) => top[n] + b.height / 2);
    const gap = entries.length > 1 ? Math.max(0, top[1] - top[0] - boxes[0].height) : 0;
    const room = boxes[from].height + gap;
    const startY = event.clientY + window.scrollY;
    let lastY = event.clientY;
    let to = from;
    let went = false;

    const place = () => {
      const by = lastY + window.scrollY - startY;
      if (!went && Math.abs(by) < THRESHOLD_PX) return;
      if (!went) {
        went = true;
        entry.classList.add("dragged");
        list.classList.add("sorting");
      }
      to = landing(middles, from, middles[from] + by);
      entry.style.setProperty("transform", `translateY(${by}px)`);
      entries.forEach((other, n) => {
        if (n === from) return;
        const shift = n > from && n <= to ? -room : n < from && n >= to ? room : 0;
        other.style.setProperty("transform", shift ? `translateY(${shift}px)` : "none");
      });
    };
    const creep = setInterval(() => {
      const by = lastY < EDGE_PX ? -STEP_PX : lastY > window.innerHeight - EDGE_PX ? STEP_PX : 0;
      if (!by || !went) return;
      window.scrollBy(0, by);
      place();
    }, STEP_MS);
    const stop = (kept) => {
      clearInterval(creep);
      window.removeEventListener("pointermove", on);
      window.removeEventListener("pointerup", off);
      window.removeEventListener("pointercancel", off);
      window.removeEventListener("keydown", escape, true);
      entry.classList.remove("dragged");
      list.classList.remove("sorting");
      for (const e of entries) e.style.removeProperty("transform");
      busy = false;
      if (kept && went && to !== from) moved(from, to);
    };
    const on = (e) => {
      if (e.pointerId !== event.pointerId) return;
      lastY = e.clientY;
      place();
    };
    const off = (e) => { if (e.pointerId === event.pointerId) stop(e.type === "pointerup"); };
    const escape = (e) => {
      if (e.key !== "Escape") return;
      e.preventDefault();
      stop(false);
    };
    window.addEventListener("pointermove", on);
    window.addEventListener("pointerup", off);
    window.addEventListener("pointercancel", off);
    window.addEventListener("keydown", escape, true);
  }

  list.addEventListener("pointerdown", begin);
  list.addEventListener("keydown", (event) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const grip = event.target.closest(handle);
    if (!by || !(grip || (event.altKey && !event.target.matches("select"))) || grip?.disabled) return;
    const from = [...list.children].findIndex((child) => child.contains(event.target));
    const to = from + by;
    if (from < 0 || to < 0 || to >= list.children.length) return;
    event.preventDefault();
    event.stopPropagation();
    moved(from, to);
  });
}
