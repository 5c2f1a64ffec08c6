// @ts-check
export {};
/**
 * `<metric-names src="/projects/…/metrics/names"><input …></metric-names>` offers the names of a project's metrics while
 * one is typed. They are fetched when the field is first used: there may be thousands.
 */
class MetricNames extends HTMLElement {
  connectedCallback() {
    const field = this.querySelector("input");
    if (!field || field.hasAttribute("list")) return;
    field.addEventListener("focus", () => void this.#offer(field), { once: true });
  }

  /** @param {HTMLInputElement} field */
  async #offer(field) {
    const names = await read(this.getAttribute("src") ?? "");
    if (names.length === 0) return;
    const list = document.createElement("datalist");
    list.id = `${field.id}-names`;
    list.append(...names.map((name) => new Option(name, name)));
    this.append(list);
    field.setAttribute("list", list.id);
  }
}

/**
 * @param {string} src
 * @returns {Promise<string[]>}
 */
async function read(src) {
  try {
    const response = await fetch(src, { headers: { accept: "application/json" } });
    return response.ok ? (await response.json()).names : [];
  } catch {
    return [];
  }
}

customElements.define("metric-names", MetricNames);
