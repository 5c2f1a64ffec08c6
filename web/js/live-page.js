// @ts-check
/**
 * `<live-page src="/projects/…/live">` keeps its page up to date: told by `src` that there is something new, it fetches
 * the page's own address again and puts in place what differs within each element that has `data-live` and an id. It
 * shows whether it is at it, and pauses on a press. Without script there is nothing to see.
 *
 * It stands first in main.js: it must see what the server said before other elements change it.
 */
import { morph } from "./live-morph.js";
import { isGone, listen } from "./live-stream.js";

/** @typedef {"live" | "reconnecting" | "paused" | "ended" | "outdated"} State */

/** @type {Record<State, { word: string, does: string, title: string }>} */
const STATES = {
  live: { word: "Live", does: "pause", title: "New data points appear by themselves. Press to pause." },
  reconnecting: { word: "Reconnecting", does: "pause", title: "The server can't be reached. What you see may be out of date; it is tried again." },
  paused: { word: "Paused", does: "resume", title: "Nothing on this page changes until you resume." },
  ended: { word: "Not live", does: "reload", title: "You are signed out, or this is no longer shared with you. Press to reload." },
  outdated: { word: "Out of date", does: "reload", title: "There is a new version of micro stat. Press to reload." },
};
const PAUSED = "live-paused";
/** Pauses before the next try, growing. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** A stream that held for this long was a good one. */
const GOOD_MS = 10_000;

class LivePage extends HTMLElement {
  /** What the server said of each part. @type {Map<string, Element>} */
  #said = new Map();
  /** What could not be put in place yet, since it was in use. @type {Map<string, Element>} */
  #waiting = new Map();
  /** When what is shown was asked for, on the reader's clock. */
  #asked = performance.timeOrigin;
  /** @type {AbortController | null} */
  #stream = null;
  #looks = false;
  #news = false;
  /** @type {State} */
  #state = "live";
  #button = document.createElement("button");
  #word = document.createElement("span");
  #does = document.createElement("span");

  connectedCallback() {
    if (this.#button.isConnected) return;
    const inert = document.implementation.createHTMLDocument();
    for (const part of parts(document)) this.#said.set(part.id, inert.importNode(part, true));
    this.#button.type = "button";
    this.#does.className = "visually-hidden";
    this.#button.append(this.#word, this.#does);
    this.#button.addEventListener("click", () => this.#press());
    this.append(this.#button);
    document.addEventListener("visibilitychange", () => this.#turn());
    this.#show(sessionStorage.getItem(PAUSED) ? "paused" : "live");
    this.#turn();
  }

  #press() {
    if (this.#state === "ended" || this.#state === "outdated") return location.reload();
    const pause = this.#state !== "paused";
    if (pause) sessionStorage.setItem(PAUSED, "yes");
    else sessionStorage.removeItem(PAUSED);
    this.#show(pause ? "paused" : "live");
    this.#turn();
  }

  /** @param {State} state */
  #show(state) {
    this.#state = state;
    const { word, does, title } = STATES[state];
    this.setAttribute("state", state);
    this.#word.textContent = word;
    this.#does.textContent = `: ${does}${does === "reload" ? "" : " live updates"}`;
    this.#button.title = title;
  }

  get #wants() {
    return !document.hidden && (this.#state === "live" || this.#state === "reconnecting");
  }

  /** Begins or ends listening, as the page is looked at or not. What was missed is told when it begins again. */
  #turn() {
    if (this.#wants === Boolean(this.#stream)) return;
    if (this.#stream) {
      this.#stream.abort();
      this.#stream = null;
    } else {
      this.#stream = new AbortController();
      void this.#follow(this.#stream.signal);
    }
  }

  /** @param {State} state */
  #finish(state) {
    this.#show(state);
    this.#turn();
  }

  /** @param {AbortSignal} signal */
  async #follow(signal) {
    for (let pause = FIRST_PAUSE_MS; !signal.aborted; ) {
      const began = Date.now();
      /** @type {import("./live-stream.js").Ended} */
      const ended = await listen(this.getAttribute("src") ?? "", began - this.#asked, signal, {
        opened: () => !signal.aborted && this.#show("live"),
        stored: () => void this.#look(),
      }).catch(() => 0);
      if (signal.aborted) return;
      if (ended === "gone") return this.#finish("ended");
      this.#show("reconnecting");
      if (Date.now() - began > GOOD_MS) pause = FIRST_PAUSE_MS;
      // not all at once, when a server comes back
      await sleep(Math.max(ended, pause * (0.75 + Math.random() / 2)), signal);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  }

  /** Fetches the page again; once more if there was news meanwhile. A slow page isn't asked for all the time. */
  async #look() {
    this.#news = true;
    if (this.#looks) return;
    this.#looks = true;
    while (this.#news && this.#wants) {
      this.#news = false;
      const began = Date.now();
      const answer = await fetch(location.href, { redirect: "manual", cache: "no-store" }).catch(() => null);
      if (answer && isGone(answer)) {
        this.#finish("ended");
        break;
      }
      const text = answer?.ok ? await answer.text().catch(() => null) : null;
      if (text === null) this.#news = true;
      else if (this.#wants) this.#take(text, began);
      await sleep(text === null ? 5_000 : (Date.now() - began) * 3, this.#stream?.signal);
    }
    this.#looks = false;
  }

  /**
   * @param {string} text
   * @param {number} asked
   */
  #take(text, asked) {
    const page = new DOMParser().parseFromString(text, "text/html");
    if (style(page) !== style(document)) return this.#finish("outdated");
    this.#asked = asked;
    sameToken(page);
    for (const part of parts(page)) this.#waiting.set(part.id, part);
    this.#put();
  }

  /** Puts in place whatever isn't in use; the rest as soon as it is let go. */
  #put() {
    for (const [id, now] of this.#waiting) {
      const [before, live] = [this.#said.get(id), document.getElementById(id)];
      if (live && isInUse(live)) continue;
      this.#waiting.delete(id);
      if (!before || !live) continue;
      keepingFocus(live, () => morph(before, now, live));
      this.#said.set(id, now);
    }
    if (this.#waiting.size > 0) setTimeout(() => this.#put(), 300);
  }
}

/** @param {Document} page */
function parts(page) {
  return page.querySelectorAll("[data-live][id]");
}

/**
 * The token of forms is written differently each time and good for as long as the session: this page's own goes on.
 * @param {Document} page
 */
function sameToken(page) {
  const all = (/** @type {Document} */ of) => /** @type {NodeListOf<HTMLInputElement>} */ (of.querySelectorAll("input[name=csrf]"));
  const own = all(document)[0]?.getAttribute("value");
  if (own) all(page).forEach((input) => input.setAttribute("value", own));
}

/** @param {Document} page */
function style(page) {
  return page.querySelector("link[rel=stylesheet]")?.getAttribute("href");
}

/**
 * Whether text of it is selected or a finger or button is down on it.
 * @param {Element} part
 */
function isInUse(part) {
  const chosen = getSelection();
  return part.matches(":active") || (!!chosen && !chosen.isCollapsed && chosen.rangeCount > 0 && chosen.getRangeAt(0).intersectsNode(part));
}

/**
 * Where the focused element itself had to go, the one that stands for it is focused.
 * @param {Element} part
 * @param {() => void} change
 */
function keepingFocus(part, change) {
  const focused = document.activeElement;
  const within = focused instanceof HTMLElement && part.contains(focused) ? focused : null;
  const selector = within ? called(within) : "";
  change();
  if (!within || within.isConnected || !selector) return;
  const heir = (document.getElementById(part.id) ?? document).querySelector(selector);
  if (heir instanceof HTMLElement) heir.focus({ preventScroll: true });
}

/** @param {HTMLElement} element */
function called(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  for (const name of ["href", "formaction", "aria-label", "name"]) {
    const value = element.getAttribute(name);
    const form = element.closest("form")?.getAttribute("action");
    const within = form && name !== "href" ? `form[action="${CSS.escape(form)}"] ` : "";
    if (value) return `${within}${element.localName}[${name}="${CSS.escape(value)}"]`;
  }
  return "";
}

/**
 * @param {number} ms
 * @param {AbortSignal} [signal]
 */
function sleep(ms, signal) {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", () => (clearTimeout(timer), done(undefined)), { once: true });
  });
}

customElements.define("live-page", LivePage);
