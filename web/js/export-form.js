// @ts-check
/**
 * `<export-form>` around the form of the page "Export". What is chosen is counted at once, and where the browser lets a
 * page write to a file, the export goes there with its progress shown; elsewhere it is an ordinary download.
 */
class ExportForm extends HTMLElement {
  #counting = new AbortController();

  connectedCallback() {
    const form = this.querySelector("form");
    if (!form) return;
    this.querySelector("[data-count]")?.remove();
    form.addEventListener("change", () => void this.#count(form));
    if ("showSaveFilePicker" in window) {
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        void this.#save(form);
      });
    }
  }

  /**
   * Fetches the page for what is chosen now and puts in place what it says of it.
   * @param {HTMLFormElement} form
   */
  async #count(form) {
    this.#counting.abort();
    this.#counting = new AbortController();
    const url = location.pathname + query(form);
    try {
      const answer = await fetch(url, { signal: this.#counting.signal });
      if (![200, 422].includes(answer.status)) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const id of ["export-size", "level-error", "from-error", "to-error"]) {
        swap(form, page, id);
      }
      history.replaceState(null, "", url);
    } catch {
      // another choice was made, or there is no connection: the export itself will say so
    }
  }

  /** @param {HTMLFormElement} form */
  async #save(form) {
    const url = form.action + query(form);
    const format = String(new FormData(form).get("format") ?? "csv");
    let file;
    try {
      file = await /** @type {any} */ (window).showSaveFilePicker({ suggestedName: `microstat.${format}` });
    } catch (error) {
      // the reader chose no file; whatever else it was, the browser can still download it
      if (!(error instanceof DOMException && error.name === "AbortError")) location.assign(url);
      return;
    }
    const progress = new Progress(form, format);
    try {
      const answer = await fetch(url, { signal: progress.stop.signal });
      if (!answer.ok || !answer.body) throw new Error(String(answer.status));
      progress.expect(Number(answer.headers.get("microstat-rows")));
      await answer.body.pipeThrough(progress.counted()).pipeTo(await file.createWritable());
      progress.done(file.name);
    } catch {
      progress.failed();
    }
  }
}

/** Where an export says how far it is. */
class Progress {
  stop = new AbortController();
  #rows = 0;
  #bytes = 0;
  #expected = 0;
  #shown = 0;
  #isText;
  #place;
  #bar;
  #words;
  #button;

  /**
   * @param {HTMLFormElement} form
   * @param {string} format
   */
  constructor(form, format) {
    this.#isText = format !== "parquet";
    form.querySelector("#export-progress")?.remove();
    this.#place = document.createElement("div");
    this.#place.id = "export-progress";
    this.#place.className = "transfer";
    this.#bar = document.createElement("progress");
    this.#bar.setAttribute("aria-label", "Export");
    this.#words = document.createElement("p");
    this.#words.textContent = "Starting";
    this.#button = document.createElement("button");
    this.#button.type = "button";
    this.#button.className = "button small";
    this.#button.textContent = "Stop";
    this.#button.addEventListener("click", () => this.stop.abort());
    const row = document.createElement("div");
    row.className = "row-between";
    row.append(this.#words, this.#button);
    this.#place.append(this.#bar, row);
    form.append(this.#place);
    this.#button.focus();
  }

  /** @param {number} rows */
  expect(rows) {
    this.#expected = rows;
    if (this.#isText && rows > 0) this.#bar.max = rows;
  }

  /** Counts what goes through: bytes, and in text lines as rows. */
  counted() {
    return new TransformStream({
      transform: (/** @type {Uint8Array} */ part, to) => {
        this.#bytes += part.byteLength;
        if (this.#isText) for (const byte of part) if (byte === 10) this.#rows += 1;
        const now = performance.now();
        if (now - this.#shown > 100) {
          this.#shown = now;
          this.#show();
        }
        to.enqueue(part);
      },
    });
  }

  #show() {
    const size = bytes(this.#bytes);
    if (!this.#isText) {
      this.#words.textContent = size;
      return;
    }
    // A word may have a line feed in it, and the header is a line: so it is about as many, and never more.
    const rows = Math.min(this.#rows, this.#expected || this.#rows);
    if (this.#expected > 0) this.#bar.value = rows;
    this.#words.textContent = `${rows.toLocaleString("en-GB")} of ${this.#expected.toLocaleString("en-GB")} rows, ${size}`;
  }

  /** @param {string} name */
  done(name) {
    this.#end(`Saved as ${name}: ${bytes(this.#bytes)}.`);
    this.#bar.max = 1;
    this.#bar.value = 1;
  }

  failed() {
    const why = this.stop.signal.aborted ? "Stopped." : "The export broke off.";
    this.#end(`${why} Nothing was saved. Press Export to begin anew.`);
    this.#bar.remove();
  }

  /** @param {string} said */
  #end(said) {
    this.#words.setAttribute("role", "status");
    this.#words.textContent = said;
    this.#button.remove();
  }
}

/**
 * @param {Document | HTMLElement} here
 * @param {Document} page
 * @param {string} id
 */
function swap(here, page, id) {
  const [old, next] = [here.querySelector(`#${id}`), page.getElementById(id)];
  if (old && next) old.replaceWith(next);
  else if (old) old.remove();
  else if (next?.previousElementSibling?.id) here.querySelector(`#${next.previousElementSibling.id}`)?.after(next);
}

/** @param {HTMLFormElement} form */
function query(form) {
  const fields = [...new FormData(form)].map(([name, value]) => [name, String(value)]);
  return `?${new URLSearchParams(fields)}`;
}

/** @param {number} count */
function bytes(count) {
  const units = ["B", "kB", "MB", "GB"];
  const place = Math.min(Math.floor(Math.log10(Math.max(count, 1)) / 3), units.length - 1);
  const value = count / 1000 ** place;
  return `${value.toLocaleString("en-GB", { maximumFractionDigits: place ? 1 : 0 })} ${units[place]}`;
}

customElements.define("export-form", ExportForm);
