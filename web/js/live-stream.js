// @ts-check
/* One stream of events that says when a page is out of date. */

/** Nothing at all for this long, though a sign of life comes every ten seconds: the line is dead. */
const DEAD_AFTER_MS = 25_000;

/**
 * How a stream ended: "gone" if asking again won't help (signed out, or no longer a member), else how many milliseconds
 * it asks to be left alone.
 * @typedef {"gone" | number} Ended
 */

/**
 * Listens until the stream ends.
 * @param {string} src
 * @param {number} ago milliseconds since the page was asked for: what happened since is told first
 * @param {AbortSignal} signal
 * @param {{ opened: () => void, stored: () => void }} on
 * @returns {Promise<Ended>}
 */
export async function listen(src, ago, signal, on) {
  const url = new URL(src, location.href);
  url.searchParams.set("ago", String(Math.min(Math.max(Math.round(ago), 0), 4_000_000_000)));
  const response = await fetch(url, { headers: { accept: "text/event-stream" }, redirect: "manual", cache: "no-store", signal });
  if (isGone(response)) return "gone";
  if (!response.ok || !response.body) return Number(response.headers.get("retry-after")) * 1000 || 0;
  on.opened();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let rest = ""; ; ) {
      const { done, value } = await inTime(reader.read());
      if (done) return 0;
      const lines = (rest + value).split("\n");
      rest = lines.pop() ?? "";
      if (lines.includes("event: stored")) on.stored();
    }
  } finally {
    void reader.cancel().catch(() => {});
  }
}

/**
 * Whether an answer means that there is nothing here for this person any more.
 * @param {Response} response
 */
export function isGone(response) {
  return response.type === "opaqueredirect" || [401, 403, 404, 410].includes(response.status);
}

/**
 * @template T
 * @param {Promise<T>} coming
 * @returns {Promise<T>}
 */
async function inTime(coming) {
  let timer = 0;
  const late = new Promise((_, failed) => {
    timer = setTimeout(() => failed(new Error("silent")), DEAD_AFTER_MS);
  });
  try {
    return await Promise.race([coming, /** @type {Promise<never>} */ (late)]);
  } finally {
    clearTimeout(timer);
  }
}
