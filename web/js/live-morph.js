// @ts-check
/*
 * Brings a part of the page from what the server said before to what it says now. Only where these two differ is the page
 * touched: what script, the reader or the browser have changed there otherwise stays (focus, what is folded out or
 * ticked, the read-out of a chart).
 */

/** More comparisons than this cost more than they save: then all children are exchanged. */
const MOST_PAIRS = 250_000;

/**
 * @param {Node} before what the server said, as it was
 * @param {Node} now what it says
 * @param {ChildNode} live what stands in the page
 */
export function morph(before, now, live) {
  if (before.isEqualNode(now)) return;
  if (before instanceof Element && now instanceof Element && live instanceof Element && before.localName === now.localName) {
    if (live.localName.includes("-")) return renew(now, live);
    if (live.localName !== "svg") {
      attributes(before, now, live);
      children(before, now, live);
      return;
    }
  }
  live.replaceWith(document.importNode(now, true));
}

/**
 * An element with a script of its own takes what is new by its method `renew`, or is exchanged.
 * @param {Element} now
 * @param {Element & { renew?: (now: Element) => void }} live
 */
function renew(now, live) {
  const fresh = document.importNode(now, true);
  if (live.renew) live.renew(fresh);
  else live.replaceWith(fresh);
}

/**
 * @param {Element} before
 * @param {Element} now
 * @param {Element} live
 */
function attributes(before, now, live) {
  for (const { name, value } of now.attributes) {
    if (before.getAttribute(name) !== value) live.setAttribute(name, value);
  }
  for (const { name } of before.attributes) {
    if (!now.hasAttribute(name)) live.removeAttribute(name);
  }
}

/**
 * @param {Element} before
 * @param {Element} now
 * @param {Element} live
 */
function children(before, now, live) {
  const [old, fresh, shown] = [[...before.childNodes], [...now.childNodes], [...live.childNodes]];
  const pairs = old.length === shown.length ? inCommon(old.map(key), fresh.map(key)) : null;
  if (!pairs) {
    live.replaceChildren(...fresh.map((node) => document.importNode(node, true)));
    return;
  }
  pairs.push([old.length, fresh.length]);
  let [from, to] = [0, 0];
  for (const [o, f] of pairs) {
    gap(old.slice(from, o), fresh.slice(to, f), shown.slice(from, o), live, shown[o] ?? null);
    const [was, is, there] = [old[o], fresh[f], shown[o]];
    if (was && is && there) morph(was, is, there);
    [from, to] = [o + 1, f + 1];
  }
}

/**
 * Children between two that stayed: those of a kind become each other, what is left over goes or comes.
 * @param {ChildNode[]} old
 * @param {ChildNode[]} fresh
 * @param {ChildNode[]} shown
 * @param {Element} parent
 * @param {ChildNode | null} next
 */
function gap(old, fresh, shown, parent, next) {
  fresh.forEach((node, place) => {
    const [was, there] = [old[place], shown[place]];
    if (was && there) {
      if (isNamed(was) || isNamed(node)) there.replaceWith(arriving(node, parent));
      else morph(was, node, there);
    } else {
      parent.insertBefore(arriving(node, parent), next);
    }
  });
  for (const there of shown.slice(fresh.length)) there.remove();
}

/**
 * What comes anew into a list that says so by `data-live-new` may be seen to.
 * @param {ChildNode} node
 * @param {Element} parent
 */
function arriving(node, parent) {
  const arrived = document.importNode(node, true);
  if (parent.hasAttribute("data-live-new") && arrived instanceof Element) {
    arrived.classList.add("is-new");
    setTimeout(() => arrived.classList.remove("is-new"), 3000);
  }
  return arrived;
}

/** @param {Node} node */
function isNamed(node) {
  return node instanceof Element && node.id !== "";
}

/**
 * What makes a node the same one: its id, or all of it.
 * @param {Node} node
 */
function key(node) {
  if (node instanceof Element) return node.id ? `#${node.id}` : node.outerHTML;
  return node.nodeValue ?? "";
}

/**
 * The places of the longest list that both have in common, in order.
 * @param {string[]} a
 * @param {string[]} b
 * @returns {[number, number][] | null} null if that takes too long
 */
function inCommon(a, b) {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let [endA, endB] = [a.length, b.length];
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) [endA, endB] = [endA - 1, endB - 1];
  const [rows, columns] = [endA - start, endB - start];
  if (rows * columns > MOST_PAIRS) return null;
  // longest[i][j]: of what comes from i and j on
  const longest = Array.from({ length: rows + 1 }, () => new Uint32Array(columns + 1));
  const at = (/** @type {number} */ i, /** @type {number} */ j) => longest[i]?.[j] ?? 0;
  for (let i = rows - 1; i >= 0; i -= 1) {
    const row = longest[i];
    for (let j = columns - 1; row && j >= 0; j -= 1) {
      row[j] = a[start + i] === b[start + j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  /** @type {[number, number][]} */
  const pairs = Array.from({ length: start }, (_, place) => [place, place]);
  for (let i = 0, j = 0; i < rows && j < columns; ) {
    if (a[start + i] === b[start + j]) pairs.push([start + i++, start + j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  for (let k = 0; endA + k < a.length; k += 1) pairs.push([endA + k, endB + k]);
  return pairs;
}
