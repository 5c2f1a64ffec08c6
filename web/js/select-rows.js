// @ts-check
/*
 * `<select-rows>` around a table whose rows have a checkbox `name="id"`, and its `.selection-bar`. The bar shows by CSS once
 * something is ticked, and everything works without script; script adds "select all on this page", how many are ticked,
 * ranges with Shift, and Escape to let go.
 */
class SelectRows extends HTMLElement {
  connectedCallback() {
    const corner = this.querySelector("thead .tick");
    if (!corner || this.all) return;
    this.all = document.createElement("input");
    this.all.type = "checkbox";
    this.all.setAttribute("aria-label", "Select all on this page");
    this.all.addEventListener("change", () => this.set(this.boxes(), this.all?.checked ?? false));
    corner.replaceChildren(this.all);
    /** @type {HTMLInputElement | null} */
    let last = null;
    this.addEventListener("click", (event) => {
      const box = event.target;
      if (!(box instanceof HTMLInputElement) || box.name !== "id") return;
      if (event.shiftKey && last) {
        const boxes = this.boxes();
        const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
        if (from !== undefined && to !== undefined && from >= 0) this.set(boxes.slice(from, to + 1), box.checked);
      }
      last = box;
      this.count();
    });
    this.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.boxes().some((box) => box.checked)) this.set(this.boxes(), false);
    });
    // rows come and go on a live page, and browsers tick again what was ticked before a reload
    new MutationObserver(() => this.count()).observe(this.querySelector("tbody") ?? this, { childList: true });
    addEventListener("pageshow", () => this.count());
    this.count();
  }

  /** @returns {HTMLInputElement[]} */
  boxes() {
    return [...this.querySelectorAll("tbody input")].flatMap((box) => (box instanceof HTMLInputElement && box.name === "id" ? [box] : []));
  }

  /**
   * @param {HTMLInputElement[]} boxes
   * @param {boolean} ticked
   */
  set(boxes, ticked) {
    for (const box of boxes) box.checked = ticked;
    this.count();
  }

  count() {
    const boxes = this.boxes();
    const ticked = boxes.filter((box) => box.checked).length;
    if (this.all) {
      this.all.checked = ticked > 0 && ticked === boxes.length;
      this.all.indeterminate = ticked > 0 && ticked < boxes.length;
    }
    const said = this.querySelector(".selection-count");
    const text = ticked === 0 ? "" : `${ticked} selected`;
    if (said && said.textContent !== text) said.textContent = text;
  }
}

customElements.define("select-rows", SelectRows);
