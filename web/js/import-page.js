// @ts-check
/** What a running import and a file that waits for one have in common: parts of their page come anew. */

/**
 * Fetches a page and puts its parts with these ids in place.
 * @param {string} url
 * @param {string[]} ids
 * @param {AbortSignal} [signal]
 * @returns {Promise<Document | null>}
 */
async function renew(url, ids, signal) {
  const answer = await fetch(url, { signal });
  if (!answer.ok && answer.status !== 422) return null;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ids) {
    const [old, next] = [document.getElementById(id), page.getElementById(id)];
    if (old && next) old.replaceWith(next);
  }
  return page;
}

/** `<import-progress>` around what a running import says of itself: once a second it is as it is now. */
class ImportProgress extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    this.#later(1_000);
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
  }

  /** @param {number} pause */
  #later(pause) {
    this.#timer = setTimeout(() => void this.#look(pause), pause);
  }

  /** @param {number} pause */
  async #look(pause) {
    if (document.hidden) return this.#later(1_000);
    try {
      // A button under somebody's finger stays.
      const ids = this.contains(document.activeElement) ? [] : ["import-state"];
      const page = await renew(location.href, ids);
      if (page && !page.querySelector("import-progress")) return location.reload();
      this.#later(1_000);
    } catch {
      this.#later(Math.min(pause * 2, 30_000));
    }
  }
}

/** `<import-look>` around the form that says what the columns are: each choice shows at once what comes of it. */
class ImportLook extends HTMLElement {
  #looking = new AbortController();

  connectedCallback() {
    const form = this.querySelector("form");
    if (!form) return;
    form.addEventListener("change", (event) => void this.#look(form, event.target));
    this.querySelector("[data-look]")?.remove();
  }

  /**
   * @param {HTMLFormElement} form
   * @param {EventTarget | null} changed
   */
  async #look(form, changed) {
    this.#looking.abort();
    const looking = (this.#looking = new AbortController());
    const fields = [...new FormData(form)].map(([name, value]) => [name, String(value)]);
    const url = `${location.pathname}?${new URLSearchParams(fields)}`;
    const id = changed instanceof HTMLElement ? changed.id : "";
    // What would be imported is what the last look was about, until the next is there.
    const start = document.querySelector('#import-trial form[action$="/start"] button');
    if (start instanceof HTMLButtonElement) start.disabled = true;
    try {
      const page = await renew(url, ["import-rows", "import-trial"], looking.signal);
      const next = page?.querySelector("import-look");
      history.replaceState(null, "", url);
      if (!next) return location.assign(url); // signed out, or begun elsewhere
      this.replaceWith(next);
      document.getElementById(id)?.focus();
    } catch {
      // another choice was made; else there is no connection, which the browser says
      if (!looking.signal.aborted) location.assign(url);
    }
  }
}

customElements.define("import-progress", ImportProgress);
customElements.define("import-look", ImportLook);
