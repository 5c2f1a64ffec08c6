// @ts-check
/**
 * `<import-file action="/projects/…/imports" most="2147483648">` around the form of the page "Import": a file is dropped or
 * chosen and goes up in parts. A part that fails is sent again, with growing pauses; a file that is chosen again goes on
 * where it was.
 */

/** Bytes of a part: small enough that a slow connection shows progress, large enough to be quick. */
const PART = 4 * 1024 * 1024;
/** Tries of a part before it is given up: about two minutes. */
const TRIES = 8;

class ImportFile extends HTMLElement {
  #stop = new AbortController();

  connectedCallback() {
    const form = this.querySelector("form");
    const field = this.querySelector("input[type=file]");
    if (!form || !(field instanceof HTMLInputElement)) return;
    const hint = this.querySelector("[data-parts]");
    if (hint instanceof HTMLElement) hint.textContent = hint.dataset.parts ?? "";
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const file = field.files?.[0];
      if (file) void this.#upload(form, file);
    });
    const place = this.querySelector(".drop") ?? this;
    for (const kind of ["dragenter", "dragover"]) {
      this.addEventListener(kind, (event) => {
        event.preventDefault();
        place.classList.add("is-over");
      });
    }
    for (const kind of ["dragleave", "drop"]) {
      this.addEventListener(kind, () => place.classList.remove("is-over"));
    }
    this.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer?.files.length) {
        field.files = event.dataTransfer.files;
        field.focus();
      }
    });
  }

  disconnectedCallback() {
    this.#stop.abort();
  }

  /**
   * @param {HTMLFormElement} form
   * @param {File} file
   */
  async #upload(form, file) {
    const shown = new Shown(form, file, () => this.#stop.abort());
    const most = Number(this.getAttribute("most"));
    if (file.size === 0) return shown.failed("This file is empty. Choose another.");
    if (file.size > most) return shown.failed("This file is larger than 2 GiB. Pack it with gzip, or split it.");
    this.#stop = new AbortController();
    const csrf = String(new FormData(form).get("csrf") ?? "");
    try {
      const place = await this.#begin(csrf, file);
      let received = place.received;
      while (received < file.size) {
        shown.at(received);
        received = await this.#part(place.url, csrf, file, received, shown);
      }
      shown.at(file.size);
      location.assign(place.url);
    } catch (error) {
      const said = error instanceof Refused ? error.message : "The upload broke off. Press Upload to go on where it was.";
      shown.failed(this.#stop.signal.aborted ? "Stopped. Press Upload to go on where it was." : said);
    }
  }

  /**
   * @param {string} csrf
   * @param {File} file
   * @returns {Promise<{ received: number, url: string }>}
   */
  async #begin(csrf, file) {
    const fields = { csrf, name: file.name, size: String(file.size), modified: String(file.lastModified) };
    const answer = await fetch(this.getAttribute("action") ?? "", {
      method: "POST",
      body: new URLSearchParams(fields),
      signal: this.#stop.signal,
    });
    if (!answer.ok) throw await refused(answer);
    return answer.json();
  }

  /**
   * Sends the part from `offset` on, as often as it takes; gives where the next one begins.
   * @param {string} url
   * @param {string} csrf
   * @param {File} file
   * @param {number} offset
   * @param {Shown} shown
   */
  async #part(url, csrf, file, offset, shown) {
    for (let tried = 1; ; tried += 1) {
      try {
        const answer = await fetch(`${url}/parts?offset=${offset}`, {
          method: "POST",
          headers: { "x-csrf": csrf, "content-type": "application/octet-stream" },
          body: file.slice(offset, offset + PART),
          signal: this.#stop.signal,
        });
        if (answer.ok) return (await answer.json()).received;
        if (answer.status === 409) {
          // Part of it came before, or is gone; or another tab sends it too.
          const there = await answer.json();
          if (!["uploading", "ready"].includes(there.state)) throw new Refused("This upload was removed. Choose the file again.");
          if (there.received !== offset) return there.received;
        } else if (answer.status < 500 || answer.status === 507) {
          throw await refused(answer);
        }
      } catch (error) {
        if (error instanceof Refused || this.#stop.signal.aborted) throw error;
      }
      if (tried === TRIES) throw new Error("too often");
      shown.waits();
      await pause(Math.min(500 * 2 ** tried, 30_000), this.#stop.signal);
    }
  }
}

/** The server says no, and asking again won't help. */
class Refused extends Error {}

/** @param {Response} answer */
async function refused(answer) {
  const text = await answer.text();
  try {
    return new Refused(JSON.parse(text).message);
  } catch {
    const page = new DOMParser().parseFromString(text, "text/html");
    const said = page.querySelector("main p")?.textContent?.trim();
    return new Refused(said || "The server did not take this file. Reload the page and try again.");
  }
}

/**
 * @param {number} milliseconds
 * @param {AbortSignal} signal
 */
function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new Error("stopped"));
    });
  });
}

/** Where an upload says how far it is. */
class Shown {
  #place = document.createElement("div");
  #bar = document.createElement("progress");
  #words = document.createElement("p");
  #stop = document.createElement("button");
  #button;
  #file;

  /**
   * @param {HTMLFormElement} form
   * @param {File} file
   * @param {() => void} stop
   */
  constructor(form, file, stop) {
    this.#file = file;
    form.querySelector(".transfer")?.remove();
    this.#button = form.querySelector("button.primary");
    this.#button?.setAttribute("disabled", "");
    this.#place.className = "transfer";
    this.#bar.max = file.size;
    this.#bar.setAttribute("aria-label", "Upload");
    this.#stop.type = "button";
    this.#stop.className = "button small";
    this.#stop.textContent = "Stop";
    this.#stop.addEventListener("click", stop);
    const row = document.createElement("div");
    row.className = "row-between";
    row.append(this.#words, this.#stop);
    this.#place.append(this.#bar, row);
    form.append(this.#place);
  }

  /** @param {number} received */
  at(received) {
    this.#bar.value = received;
    const percent = Math.floor((received / this.#file.size) * 100);
    this.#words.textContent = `${percent} % of ${this.#file.name} uploaded`;
  }

  waits() {
    this.#words.textContent = "The connection broke. Trying again.";
  }

  /** @param {string} said */
  failed(said) {
    this.#button?.removeAttribute("disabled");
    this.#stop.remove();
    this.#words.setAttribute("role", "alert");
    this.#words.textContent = said;
  }
}

customElements.define("import-file", ImportFile);
