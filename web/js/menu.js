// @ts-check
export {};
/**
 * `<details class="menu">`: a press outside, Escape, or leaving it by keyboard closes it. Without script its summary does.
 */
addEventListener("pointerdown", (event) => close((menu) => !menu.contains(within(event.target))));
addEventListener("focusin", (event) => close((menu) => !menu.contains(within(event.target))));
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  close((menu) => {
    if (menu.contains(document.activeElement)) menu.querySelector("summary")?.focus();
    return true;
  });
});

/** @param {EventTarget | null} target */
function within(target) {
  return target instanceof Node ? target : null;
}

/** @param {(menu: HTMLDetailsElement) => boolean} isMeant */
function close(isMeant) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu instanceof HTMLDetailsElement && isMeant(menu)) menu.open = false;
  }
}
