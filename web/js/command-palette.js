// @ts-check
/*
 * The header's "Search" opens a palette, and so does Ctrl+K (⌘K on a Mac): what is typed is looked for while one types,
 * the arrow keys choose, Enter opens. Without script the same link leads to a page.
 *
 * Where one has been is remembered on this device by its address alone, no names.
 */

/** @typedef {{ kind: string, title: string, detail: string, url: string }} Found */

const RECENT = "recent";
const REMEMBERED = 12;
/** A project or a metric of it. */
const PLACE = /^\/projects\/[^/]+(\/metrics\/[^/]+)?$/;
/** While somebody types on, nothing is asked for so long. */
const TYPING_MS = 90;

export {};

const opener = document.querySelector("a.site-search");
if (opener instanceof HTMLAnchorElement) begin(opener);
remember(location.pathname);

/** @param {HTMLAnchorElement} opener */
function begin(opener) {
  const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
  const keys = opener.querySelector("kbd");
  if (keys) keys.textContent = isMac ? "⌘K" : "Ctrl K";
  opener.setAttribute("aria-haspopup", "dialog");
  opener.setAttribute("aria-keyshortcuts", isMac ? "Meta+K" : "Control+K");
  /** @type {Palette | null} */
  let palette = null;
  const open = () => (palette ??= new Palette(opener.href)).open();
  opener.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(isMac ? event.metaKey : event.ctrlKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
}

class Palette {
  #dialog = document.createElement("dialog");
  #field = document.createElement("input");
  #list = document.createElement("div");
  #said = document.createElement("p");
  #src;
  #timer = 0;
  /** @type {AbortController | null} */
  #asking = null;
  #here = -1;
  /** Whether what is listed isn't yet what was typed, and whether Enter was pressed meanwhile. */
  #isLate = false;
  #isEntered = false;

  /** @param {string} src */
  constructor(src) {
    this.#src = src;
    const field = this.#field;
    field.type = "text";
    field.enterKeyHint = "go";
    field.placeholder = "Metrics, projects, settings, help";
    field.maxLength = 100;
    field.autocomplete = "off";
    field.spellcheck = false;
    const roles = { role: "combobox", "aria-label": "Search for metrics, projects, settings and help", "aria-autocomplete": "list", "aria-controls": "palette-list", "aria-expanded": "false" };
    for (const [name, value] of Object.entries(roles)) field.setAttribute(name, value);
    this.#list.id = "palette-list";
    this.#list.setAttribute("role", "listbox");
    this.#list.setAttribute("aria-label", "What was found");
    this.#said.setAttribute("role", "status");
    this.#dialog.className = "palette";
    this.#dialog.setAttribute("aria-label", "Search");
    const head = document.createElement("div");
    head.className = "search";
    const close = document.createElement("button");
    close.type = "button";
    close.className = "button quiet small";
    close.textContent = "Close";
    close.addEventListener("click", () => this.#dialog.close());
    head.append(field, close);
    this.#dialog.append(head, this.#list, this.#said);
    document.body.append(this.#dialog);
    field.addEventListener("input", () => this.#later());
    field.addEventListener("keydown", (event) => this.#key(event));
    this.#list.addEventListener("pointermove", (event) => this.#go(this.#options.findIndex((option) => option.contains(/** @type {Node} */ (event.target)))));
    // a press beside it closes it
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
  }

  get #options() {
    return /** @type {HTMLAnchorElement[]} */ ([...this.#list.children]);
  }

  open() {
    if (this.#dialog.open) return this.#field.select();
    this.#field.value = "";
    this.#dialog.showModal();
    this.#field.focus();
    void this.#ask();
  }

  #later() {
    this.#isLate = true;
    this.#isEntered = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), TYPING_MS);
  }

  async #ask() {
    this.#isLate = true;
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    const url = new URL(this.#src);
    url.searchParams.set("q", this.#field.value);
    url.searchParams.set("recent", recent().join(","));
    try {
      const response = await fetch(url, { headers: { accept: "application/json" }, signal: asking.signal, cache: "no-store" });
      if (response.redirected) return location.reload();
      if (!response.ok) throw new Error(String(response.status));
      const answer = /** @type {{ found: Found[] }} */ (await response.json());
      this.#show(answer.found);
    } catch {
      if (asking.signal.aborted) return;
      this.#isLate = false;
      this.#list.replaceChildren();
      this.#go(-1);
      this.#said.textContent = "The server can't be reached. Try again in a moment.";
    }
  }

  /** @param {Found[]} found */
  #show(found) {
    this.#here = -1;
    this.#isLate = false;
    this.#list.replaceChildren(...found.map(option));
    this.#list.scrollTop = 0;
    const q = this.#field.value.trim();
    this.#said.textContent = found.length > 0 ? "" : `Nothing that you can open is called anything like “${q}”.`;
    this.#field.setAttribute("aria-expanded", String(found.length > 0));
    this.#go(found.length > 0 ? 0 : -1);
    if (this.#isEntered) this.#enter();
  }

  /** Opens what is chosen; of what was typed just now, as soon as that is known. */
  #enter(isBeside = false) {
    this.#isEntered = this.#isLate;
    const option = this.#options[this.#here];
    if (this.#isLate || !option) return;
    if (isBeside) window.open(option.href, "_blank", "noopener");
    else location.href = option.href;
  }

  /** @param {number} index */
  #go(index) {
    const options = this.#options;
    options[this.#here]?.setAttribute("aria-selected", "false");
    this.#here = index;
    const option = options[index];
    if (!option) return this.#field.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    this.#field.setAttribute("aria-activedescendant", option.id);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const options = this.#options;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && options.length > 0) {
      this.#go((this.#here + step + options.length) % options.length);
      options[this.#here]?.scrollIntoView({ block: "nearest" });
      event.preventDefault();
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      this.#enter(event.ctrlKey || event.metaKey);
    }
  }
}

/**
 * @param {Found} found
 * @param {number} place
 */
function option(found, place) {
  const link = document.createElement("a");
  link.href = found.url;
  link.id = `palette-${place}`;
  link.tabIndex = -1;
  link.setAttribute("role", "option");
  link.setAttribute("aria-selected", "false");
  for (const [name, text] of /** @type {const} */ ([["found-title", found.title], ["found-detail", found.detail], ["found-kind", found.kind]])) {
    if (!text) continue;
    const part = document.createElement("span");
    part.className = name;
    part.dir = "auto";
    part.textContent = text;
    link.append(part, " ");
  }
  return link;
}

/** @returns {string[]} */
function recent() {
  try {
    const kept = JSON.parse(localStorage.getItem(RECENT) ?? "[]");
    return Array.isArray(kept) ? kept.filter((path) => typeof path === "string" && PLACE.test(path)).slice(0, REMEMBERED) : [];
  } catch {
    return [];
  }
}

/** @param {string} path */
function remember(path) {
  if (!PLACE.test(path)) return;
  try {
    localStorage.setItem(RECENT, JSON.stringify([path, ...recent().filter((other) => other !== path)].slice(0, REMEMBERED)));
  } catch {
    // no room, or not allowed: then nothing is recent
  }
}
