/** Dragging over a grid that itself scrolls: a mouse drags at once, a finger after a short hold, else it scrolls. */

const HOLD_MS = 320;
const THRESHOLD_PX = 4;
const WANDER_PX = 9;
const EDGE_PX = 34;
const STEP_PX = 9;
const STEP_MS = 30;

/**
 * `scroll` is what scrolls around `body`. Returns `begin(event, {move, end})`: `move(x, y)` follows the pointer once it drags,
 * `end(outcome)` is called once with "dragged", "pressed" (it never moved) or "dropped" (the browser or Escape took over).
 */
export function dragging(scroll, body) {
  let active = false;
  let pending = false;
  // A finger that has been held must not scroll any more; only a listener that was there before the touch can say so.
  body.addEventListener("touchmove", (event) => { if (active && event.cancelable) event.preventDefault(); }, { passive: false });
  body.addEventListener("contextmenu", (event) => { if (pending || active) event.preventDefault(); });

  return function begin(event, { move, end, held = () => {} }) {
    if (pending || active) return;
    const { clientX, clientY, pointerId } = event;
    const finger = event.pointerType === "touch";
    let last = [clientX, clientY];
    let went = false;
    let creep = 0;
    pending = true;
    const start = () => {
      active = true;
      held();
      if (finger) navigator.vibrate?.(12);
      creep = setInterval(() => {
        const box = scroll.getBoundingClientRect();
        const by = last[1] < box.top + EDGE_PX ? -STEP_PX : last[1] > box.bottom - EDGE_PX ? STEP_PX : 0;
        if (!by || !went) return;
        scroll.scrollTop += by;
        move(...last);
      }, STEP_MS);
    };
    const hold = finger ? setTimeout(start, HOLD_MS) : 0;
    if (!finger) start();
    const stop = (outcome) => {
      clearTimeout(hold);
      clearInterval(creep);
      active = false;
      pending = false;
      window.removeEventListener("pointermove", on);
      window.removeEventListener("pointerup", off);
      window.removeEventListener("pointercancel", off);
      window.removeEventListener("keydown", escape, true);
      end(outcome);
    };
    const on = (e) => {
      if (e.pointerId !== pointerId) return;
      last = [e.clientX, e.clientY];
      const far = Math.hypot(e.clientX - clientX, e.clientY - clientY);
      if (!active) {
        if (far > WANDER_PX) stop("dropped");
        return;
      }
      went ||= far > THRESHOLD_PX;
      if (went) move(...last);
    };
    const off = (e) => {
      if (e.pointerId === pointerId) stop(e.type === "pointercancel" ? "dropped" : went ? "dragged" : "pressed");
    };
    const escape = (e) => {
      if (e.key !== "Escape") return;
      e.preventDefault();
      stop("dropped");
    };
    window.addEventListener("pointermove", on);
    window.addEventListener("pointerup", off);
    window.addEventListener("pointercancel", off);
    window.addEventListener("keydown", escape, true);
  };
}
