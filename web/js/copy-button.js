// @ts-check
/**
 * `<copy-button target="#dsn"></copy-button>` copies the text (or, of a field, the value) of what `target` selects.
 * `label` names the button where "Copy" is not enough: "Copy DSN".
 */
class CopyButton extends HTMLElement {
  connectedCallback() {
    if (this.querySelector("button")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button small";
    button.textContent = "Copy";
    const label = this.getAttribute("label");
    if (label) button.setAttribute("aria-label", label);
    const said = document.createElement("span");
    said.className = "visually-hidden";
    said.setAttribute("role", "status");
    button.addEventListener("click", () => void this.copy(button, said));
    this.append(button, said);
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {HTMLElement} said
   */
  async copy(button, said) {
    const source = document.querySelector(this.getAttribute("target") ?? "");
    if (!source) return;
    const field = source instanceof HTMLInputElement || source instanceof HTMLTextAreaElement;
    const done = await put((field ? source.value : source.textContent ?? "").trim());
    if (!done) select(source);
    button.textContent = done ? "Copied" : "Selected";
    said.textContent = done ? "Copied" : "Selected. Copy it with your keyboard.";
    setTimeout(() => {
      button.textContent = "Copy";
      said.textContent = "";
    }, 2000);
  }
}

/**
 * The clipboard is there only on https and localhost, and may be refused.
 * @param {string} text
 */
async function put(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** @param {Element} source */
function select(source) {
  if (source instanceof HTMLInputElement || source instanceof HTMLTextAreaElement) {
    source.select();
  } else {
    getSelection()?.selectAllChildren(source);
  }
}

customElements.define("copy-button", CopyButton);
