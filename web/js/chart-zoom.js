// @ts-check
/**
 * Within `.zoomable`, dragging over a chart of time, or holding Shift with the arrow keys and then pressing Enter, shows that
 * stretch of time. A double click zooms out, as the link with `data-zoom-out` does. The picture says its time in
 * `data-from` and `data-to`, in microseconds; stretches begin and end where its buckets (`.hit`) do.
 */

/** A press that moves less than this is none, in pixels. */
const STILL = 5;

/** What is being chosen: the chart, where it began, where it is now. */
/** @type {{ chart: HTMLElement, from: number, to: number } | null} */
let chosen = null;
const box = document.createElement("div");
box.className = "zoom-box";
const said = document.createElement("div");
said.className = "visually-hidden";
said.setAttribute("aria-live", "polite");
document.body.append(said);

addEventListener("pointerdown", (event) => {
  const chart = zoomable(event.target);
  // a finger reads and scrolls
  if (!chart || event.pointerType === "touch" || event.button !== 0) return;
  const from = at(chart, event.clientX);
  const ending = new AbortController();
  const listen = { signal: ending.signal };
  const end = (/** @type {boolean} */ isMeant) => {
    ending.abort();
    if (isMeant) zoom();
    choose(null);
  };
  event.preventDefault();
  chart.focus({ preventScroll: true });
  addEventListener("pointermove", (move) => {
    const isDrag = Math.abs(move.clientX - event.clientX) > STILL;
    choose(isDrag ? { chart, from, to: at(chart, move.clientX) } : null);
  }, listen);
  addEventListener("pointerup", () => end(true), listen);
  addEventListener("pointercancel", () => end(false), listen);
  addEventListener("blur", () => end(false), listen);
  addEventListener("keydown", (key) => { if (key.key === "Escape") end(false); }, listen);
});

addEventListener("keydown", (event) => {
  const chart = zoomable(event.target);
  if (!chart || event.key === "Shift") return;
  if (event.key === "Enter" && chosen) {
    event.preventDefault();
    return zoom();
  }
  const here = hits(chart).findIndex((hit) => hit.classList.contains("is-here"));
  if (!event.shiftKey || !event.key.startsWith("Arrow") || here < 0) return choose(null);
  choose({ chart, from: chosen?.from ?? here, to: here });
  said.textContent = "Press Enter to zoom in to the selected time.";
});

addEventListener("focusout", () => choose(null));

addEventListener("dblclick", (event) => {
  const out = document.querySelector("a[data-zoom-out]");
  if (zoomable(event.target) && out instanceof HTMLElement) out.click();
});

/**
 * The chart of time that this is in, if it can be zoomed.
 * @param {EventTarget | null} target
 */
function zoomable(target) {
  const chart = target instanceof Element ? target.closest(".zoomable chart-readout") : null;
  return chart instanceof HTMLElement && chart.querySelector("svg.picture[data-from][data-to]") ? chart : null;
}

/** @param {Element} chart */
function hits(chart) {
  return [...chart.querySelectorAll("svg.picture .hit")];
}

/**
 * The bucket at a place of the screen, the nearest one outside of the picture.
 * @param {Element} chart
 * @param {number} x
 */
function at(chart, x) {
  const all = hits(chart);
  const found = all.findIndex((hit) => x < hit.getBoundingClientRect().right);
  return found < 0 ? all.length - 1 : found;
}

/** Where what is chosen begins and ends on the screen. */
function edges() {
  if (!chosen) return null;
  const all = hits(chosen.chart);
  const first = all[Math.min(chosen.from, chosen.to)]?.getBoundingClientRect();
  const last = all[Math.max(chosen.from, chosen.to)]?.getBoundingClientRect();
  return first && last ? { left: first.left, right: last.right } : null;
}

/** @param {typeof chosen} next */
function choose(next) {
  chosen = next;
  const found = edges();
  if (!chosen || !found) {
    box.remove();
    said.textContent = "";
    return;
  }
  if (box.parentElement !== chosen.chart) chosen.chart.append(box);
  box.style.insetInlineStart = `${found.left - chosen.chart.getBoundingClientRect().left}px`;
  box.style.inlineSize = `${found.right - found.left}px`;
}

function zoom() {
  const picture = chosen?.chart.querySelector("svg.picture");
  const found = edges();
  if (!(picture instanceof SVGElement) || !found) return;
  const whole = picture.getBoundingClientRect();
  const [from, to] = [Number(picture.dataset.from), Number(picture.dataset.to)];
  /** @param {number} x to the second */
  const time = (x) => {
    const micros = from + ((x - whole.left) / whole.width) * (to - from);
    return new Date(Math.round(micros / 1e6) * 1000).toISOString().replace(".000Z", "Z");
  };
  const url = new URL(location.href);
  url.searchParams.delete("range");
  url.searchParams.set("from", time(found.left));
  url.searchParams.set("to", time(found.right));
  location.assign(url);
}
