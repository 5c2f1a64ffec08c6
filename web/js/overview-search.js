// @ts-check
/* On the overview, what is typed into its search field narrows the list at once; without script the button does. */

export {};

const list = document.getElementById("overview");
const field = list?.parentElement?.querySelector("form.search input[name=q]");
// what the server has left out can't be shown again
if (list && field instanceof HTMLInputElement && !field.value) {
  field.form?.querySelector("button")?.setAttribute("hidden", "");
  field.addEventListener("input", () => narrow(list, field.value.trim().toLocaleLowerCase()));
}

/**
 * @param {HTMLElement} list
 * @param {string} wanted
 */
function narrow(list, wanted) {
  for (const card of list.querySelectorAll("section")) {
    const whole = includes(card.querySelector("h2"), wanted);
    let shown = whole;
    for (const row of card.querySelectorAll("tbody tr")) {
      const fits = whole || includes(row.querySelector("th"), wanted);
      row.toggleAttribute("hidden", !fits);
      shown ||= fits;
    }
    card.hidden = !shown;
  }
}

/**
 * @param {Element | null} element
 * @param {string} wanted
 */
function includes(element, wanted) {
  return (element?.textContent ?? "").toLocaleLowerCase().includes(wanted);
}
