// @ts-check
/**
 * `<board-order>` around the charts of a board that is put in order: each can be dragged by its bar to another's place.
 * Where it is dropped, the form that its arrows send is sent with that place, so that there is one way to move a chart.
 */
class BoardOrder extends HTMLElement {
  /** @type {HTMLElement | null} */
  #dragged = null;

  connectedCallback() {
    for (const bar of this.querySelectorAll(".board-tools")) {
      if (bar instanceof HTMLElement) bar.draggable = true;
    }
    this.addEventListener("dragstart", (event) => this.#take(event));
    this.addEventListener("dragover", (event) => this.#over(event));
    this.addEventListener("drop", (event) => this.#drop(event));
    this.addEventListener("dragend", () => this.#end());
  }

  /** @param {Event} event @returns {HTMLElement | null} */
  #chart(event) {
    const chart = event.target instanceof Element ? event.target.closest(".board-chart") : null;
    return chart instanceof HTMLElement && this.contains(chart) ? chart : null;
  }

  /** @param {DragEvent} event */
  #take(event) {
    const chart = this.#chart(event);
    if (!chart || !(event.target instanceof Element) || !event.target.closest(".board-tools")) return;
    this.#dragged = chart;
    chart.classList.add("is-dragged");
    event.dataTransfer?.setData("text/plain", chart.id);
    event.dataTransfer?.setDragImage(chart, 24, 24);
  }

  /** @param {DragEvent} event */
  #over(event) {
    const chart = this.#chart(event);
    if (!this.#dragged || !chart) return;
    event.preventDefault();
    this.#mark(chart === this.#dragged ? null : chart);
  }

  /** @param {HTMLElement | null} chart */
  #mark(chart) {
    for (const marked of this.querySelectorAll(".is-target")) marked.classList.remove("is-target");
    chart?.classList.add("is-target");
  }

  /** @param {DragEvent} event */
  #drop(event) {
    const [chart, dragged] = [this.#chart(event), this.#dragged];
    if (!chart || !dragged || chart === dragged) return;
    event.preventDefault();
    const to = [...this.querySelectorAll(".board-chart")].indexOf(chart);
    const form = dragged.querySelector("form[action$='/place']");
    if (!(form instanceof HTMLFormElement)) return;
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = "to";
    field.value = String(to);
    form.append(field);
    form.submit();
  }

  #end() {
    this.#dragged?.classList.remove("is-dragged");
    this.#dragged = null;
    this.#mark(null);
  }
}

customElements.define("board-order", BoardOrder);
