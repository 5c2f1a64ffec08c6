// @ts-check
/**
 * `<local-time datetime="2026-11-24T14:00:00Z">24 Nov 2026, 14:00 UTC</local-time>` shows the clock of the page's time
 * zone (`data-zone` of the document), and the server's words as its title. `format`: "date" (a day), "time" (a clock), "relative" (3 minutes ago);
 * day and clock without it.
 */
class LocalTime extends HTMLElement {
  static observedAttributes = ["datetime", "format"];

  connectedCallback() {
    this.show();
  }

  attributeChangedCallback() {
    if (this.isConnected) this.show();
  }

  show() {
    /** @type {HTMLElement} */
    const words = this;
    const time = new Date(this.getAttribute("datetime") ?? "");
    if (Number.isNaN(time.getTime())) return;
    if (!words.title) words.title = (words.textContent ?? "").trim();
    const format = this.getAttribute("format");
    const language = document.documentElement.lang || undefined;
    if (format === "relative") {
      words.textContent = relative(time, language);
    } else {
      words.textContent = new Intl.DateTimeFormat(language, { ...options(format, time), timeZone: zone() }).format(time);
    }
  }
}

/** The page's time zone; the browser's own, where it doesn't know that one. */
function zone() {
  const name = document.documentElement.dataset.zone;
  try {
    return new Intl.DateTimeFormat(undefined, { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/**
 * @param {string | null} format
 * @param {Date} time
 * @returns {Intl.DateTimeFormatOptions}
 */
function options(format, time) {
  /** @type {Intl.DateTimeFormatOptions} */
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  if (format === "time") return clock;
  /** @type {Intl.DateTimeFormatOptions} */
  const day = { day: "numeric", month: "short" };
  if (format === "date" || time.getFullYear() !== new Date().getFullYear()) day.year = "numeric";
  return format === "date" ? day : { ...day, ...clock };
}

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/**
 * @param {Date} time
 * @param {string | undefined} language
 */
function relative(time, language) {
  const seconds = (time.getTime() - Date.now()) / 1000;
  const words = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const found = UNITS.find(([, length]) => Math.abs(seconds) >= length);
  return found ? words.format(Math.trunc(seconds / found[1]), found[0]) : words.format(0, "second");
}

customElements.define("local-time", LocalTime);

/* "3 minutes ago" grows older on a page that stays open. */
setInterval(() => {
  for (const time of document.querySelectorAll("local-time[format=relative]")) {
    if (time instanceof LocalTime && !document.hidden) time.show();
  }
}, 20_000);
