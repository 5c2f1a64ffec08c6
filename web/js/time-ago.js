// @ts-check
/**
 * `<time-ago datetime="2026-11-24T14:00:00Z">3 minutes ago</time-ago>` grows older on a page that stays open. The words are
 * those the server writes.
 */
class TimeAgo extends HTMLElement {
  static observedAttributes = ["datetime"];

  attributeChangedCallback() {
    this.show();
  }

  show() {
    /** @type {HTMLElement} */
    const shown = this;
    const time = new Date(shown.getAttribute("datetime") ?? "");
    const words = Number.isNaN(time.getTime()) ? shown.textContent : ago(time);
    if (words !== shown.textContent) shown.textContent = words;
  }
}

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** @param {Date} time */
function ago(time) {
  const seconds = (time.getTime() - Date.now()) / 1000;
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang || undefined, { numeric: "auto" });
  const found = UNITS.find(([, length]) => Math.abs(seconds) >= length);
  return found ? words.format(Math.trunc(seconds / found[1]), found[0]) : words.format(0, "second");
}

customElements.define("time-ago", TimeAgo);

setInterval(() => {
  for (const time of document.querySelectorAll("time-ago")) {
    if (time instanceof TimeAgo && !document.hidden) time.show();
  }
}, 20_000);
