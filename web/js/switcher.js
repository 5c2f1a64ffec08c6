// @ts-check
/**
 * The switcher's list is a popover and needs no script. Where it is long, a field at its top finds projects by name,
 * and the arrow keys walk through it.
 */
const LONG = 8;

const list = document.getElementById("switcher");
if (list) begin(list);

/** @param {HTMLElement} list */
function begin(list) {
  const links = () => [...list.querySelectorAll("a")].filter((link) => !link.closest("[hidden]"));
  const field = links().length > LONG ? addField(list) : null;
  list.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== "open") return;
    const current = list.querySelector("a[aria-current]");
    if (field) {
      field.value = "";
      narrow(list, "");
      field.focus();
    } else if (current instanceof HTMLElement) {
      current.focus();
    }
  });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const all = links();
    const at = all.findIndex((link) => link === document.activeElement);
    const next = at < 0 && step < 0 ? all.length - 1 : (at + step + all.length) % all.length;
    all[next]?.focus();
    event.preventDefault();
  });
}

/** @param {HTMLElement} list */
function addField(list) {
  const wrap = document.createElement("div");
  wrap.className = "search";
  const field = document.createElement("input");
  field.type = "search";
  field.placeholder = "Find a project";
  field.setAttribute("aria-label", "Find a project");
  field.addEventListener("input", () => narrow(list, field.value));
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const first = list.querySelector("section:not([hidden]) li:not([hidden]) > a");
    if (first instanceof HTMLElement) first.click();
  });
  wrap.append(field);
  list.prepend(wrap);
  return field;
}

/**
 * @param {HTMLElement} list
 * @param {string} text
 */
function narrow(list, text) {
  const wanted = text.trim().toLocaleLowerCase();
  for (const group of list.querySelectorAll("section")) {
    const whole = includes(group.querySelector("h2, h3"), wanted);
    let shown = false;
    for (const item of group.querySelectorAll("li")) {
      item.hidden = !whole && !includes(item, wanted);
      shown ||= !item.hidden;
    }
    group.hidden = !shown && !whole;
  }
}

/**
 * @param {Element | null} element
 * @param {string} wanted
 */
function includes(element, wanted) {
  return (element?.textContent ?? "").toLocaleLowerCase().includes(wanted);
}
