// @ts-check
/**
 * `<chart-readout>` around a chart's `<svg class="picture">`: the values under the pointer, the finger, or (with the
 * arrow keys, Home and End) the keyboard. They are read from the titles of the picture's `.hit` places, whose first line
 * says when and the others `name: value`.
 */
class ChartReadout extends HTMLElement {
  /** @type {{ place: SVGElement, lines: string[] }[]} */
  #hits = [];
  #here = -1;
  #box = document.createElement("div");
  #said = document.createElement("div");

  connectedCallback() {
    const picture = this.querySelector("svg.picture");
    if (!picture || this.#hits.length > 0) return;
    this.#take(picture);
    if (this.#hits.length === 0) return;
    this.#box.className = "readout";
    this.#box.hidden = true;
    this.#box.setAttribute("aria-hidden", "true");
    this.#said.className = "visually-hidden";
    this.#said.setAttribute("aria-live", "polite");
    this.append(this.#box, this.#said);
    this.tabIndex = 0;
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", `${picture.getAttribute("aria-label") ?? "Chart"}: read values with the arrow keys`);
    this.addEventListener("pointermove", (event) => this.#point(event));
    this.addEventListener("pointerdown", (event) => this.#point(event));
    this.addEventListener("pointerleave", () => this.#go(-1));
    this.addEventListener("blur", () => this.#go(-1));
    this.addEventListener("keydown", (event) => this.#key(event));
  }

  /**
   * Takes a newer picture; what is read stays where it is.
   * @param {Element} now
   */
  renew(now) {
    const [old, picture] = [this.querySelector("svg.picture"), now.querySelector("svg.picture")];
    if (!old || !picture || this.#hits.length === 0 || !picture.querySelector(".hit")) return this.replaceWith(now);
    const [here, when] = [this.#here, this.#hits[this.#here]?.lines[0]];
    old.replaceWith(picture);
    this.#hits = [];
    this.#take(picture);
    this.#here = -1;
    const same = this.#hits.findIndex(({ lines }) => lines[0] === when);
    if (here >= 0) this.#go(same >= 0 ? same : Math.min(here, this.#hits.length - 1));
  }

  /**
   * The browser's own tooltips would stand in the way of the read-out.
   * @param {Element} picture
   */
  #take(picture) {
    for (const place of picture.querySelectorAll(".hit")) {
      const title = place.querySelector("title");
      if (!(place instanceof SVGElement) || !title) continue;
      this.#hits.push({ place, lines: (title.textContent ?? "").split("\n") });
      title.remove();
    }
    const name = picture.querySelector(":scope > title");
    if (name && this.#hits.length > 0) {
      picture.setAttribute("aria-label", name.textContent ?? "");
      name.remove();
    }
  }

  /** @param {PointerEvent} event */
  #point(event) {
    this.#go(this.#hits.findIndex(({ place }) => {
      const { left, right } = place.getBoundingClientRect();
      return left <= event.clientX && event.clientX < right;
    }));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const last = this.#hits.length - 1;
    const from = this.#here < 0 ? last + 1 : this.#here;
    /** @type {Record<string, number>} */
    const ways = { ArrowLeft: Math.max(from - 1, 0), ArrowRight: Math.min(from + 1, last), Home: 0, End: last, Escape: -1 };
    const next = ways[event.key];
    if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    this.#go(next);
    this.#said.textContent = this.#hits[next]?.lines.join(", ") ?? "";
    event.preventDefault();
  }

  /** @param {number} index */
  #go(index) {
    if (index === this.#here) return;
    this.#hits[this.#here]?.place.classList.remove("is-here");
    this.#here = index;
    const hit = this.#hits[index];
    this.#box.hidden = !hit;
    if (!hit) return;
    hit.place.classList.add("is-here");
    this.#box.replaceChildren(...content(hit.lines));
    this.#stand(hit.place);
  }

  /**
   * Beside the bucket, on the side with more room, and within the chart.
   * @param {SVGElement} place
   */
  #stand(place) {
    const chart = this.getBoundingClientRect();
    const bucket = place.getBoundingClientRect();
    const width = this.#box.offsetWidth;
    const right = bucket.right - chart.left + 12;
    const left = bucket.left - chart.left - 12 - width;
    const roomy = right + width <= chart.width;
    const x = roomy ? right : Math.max(left, Math.min(0, chart.width - width));
    this.#box.style.transform = `translate(${Math.round(x)}px, 8px)`;
  }
}

/** @param {string[]} lines */
function content(lines) {
  const [when, ...rest] = lines;
  const heading = document.createElement("p");
  heading.textContent = when ?? "";
  const list = document.createElement("dl");
  const notes = [];
  for (const line of rest) {
    const colon = line.lastIndexOf(": ");
    if (colon < 0) {
      const note = document.createElement("p");
      note.textContent = line;
      notes.push(note);
      continue;
    }
    const name = document.createElement("dt");
    name.textContent = line.slice(0, colon);
    const value = document.createElement("dd");
    value.textContent = line.slice(colon + 2);
    list.append(name, value);
  }
  return list.childElementCount > 0 ? [heading, list, ...notes] : [heading, ...notes];
}

customElements.define("chart-readout", ChartReadout);
