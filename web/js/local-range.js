// @ts-check
/**
 * `<local-range>` around two fields "From (UTC)" and "To (UTC)" and a hidden field `zone`: what is typed is the reader's
 * own clock, and the fields say so. Without script it is UTC.
 */
class LocalRange extends HTMLElement {
  connectedCallback() {
    const zone = this.querySelector("input[name=zone]");
    const own = new Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (!(zone instanceof HTMLInputElement) || !own) return;
    const fields = [...this.querySelectorAll("input[type=datetime-local]")];
    const isTyped = fields.some((field) => field instanceof HTMLInputElement && field.value);
    // what was typed as UTC stays UTC
    if (isTyped && zone.value !== own) return;
    zone.value = own;
    for (const label of this.querySelectorAll("label")) {
      label.textContent = (label.textContent ?? "").replace("(UTC)", `(${own})`);
    }
  }
}

customElements.define("local-range", LocalRange);
