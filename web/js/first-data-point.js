// @ts-check
/**
 * `<first-data-point src="/…/first">No data points yet …</first-data-point>` asks `src` every two seconds,
 * slower the longer it takes, until the answer's JSON has a `url`; then it says so and offers the way there.
 * The answer is `{"arrived": false}` or `{"arrived": true, "name": "Basket Items", "url": "/…"}`.
 */
class FirstDataPoint extends HTMLElement {
  #asked = 0;
  #timer = 0;

  connectedCallback() {
    if (this.getAttribute("state") === "arrived") return;
    this.setAttribute("role", "status");
    this.setAttribute("state", "waiting");
    this.#later();
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
  }

  #later() {
    this.#asked += 1;
    // Two seconds for the first five minutes, ten after that.
    const pause = this.#asked < 150 ? 2_000 : 10_000;
    this.#timer = setTimeout(() => void this.#ask(), pause);
  }

  async #ask() {
    if (!document.hidden) {
      const answer = await read(this.getAttribute("src") ?? "");
      if (answer === "gone") return this.removeAttribute("state");
      if (answer?.arrived) return this.#arrived(answer);
    }
    if (this.isConnected) this.#later();
  }

  /** @param {Answer} answer */
  #arrived(answer) {
    this.setAttribute("state", "arrived");
    const words = document.createElement("span");
    words.textContent = answer.name ? `Your first data point has arrived: ${answer.name}.` : "Your first data point has arrived.";
    this.replaceChildren(words);
    if (answer.url) {
      const link = document.createElement("a");
      link.href = answer.url;
      link.textContent = "See it";
      this.append(link);
    }
  }
}

/** @typedef {{ arrived: boolean, name?: string, url?: string }} Answer */

/**
 * @param {string} src
 * @returns {Promise<Answer | "gone" | null>}
 */
async function read(src) {
  try {
    const response = await fetch(src, { headers: { accept: "application/json" } });
    // Signed out, or no longer a member: asking again won't help.
    if ([401, 403, 404, 410].includes(response.status)) return "gone";
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

customElements.define("first-data-point", FirstDataPoint);
