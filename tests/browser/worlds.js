// Installations to look at: a year of demo data, nothing yet, one data point, and more of everything than is sensible.
import assert from "node:assert/strict";
import { newFolder, person, signIn, signUp, start } from "./harness.js";

/** A right-to-left name, a long one that can be broken nowhere, and one of many words. */
const NAMES = ["סטטיסטיקה של החנות הקטנה", "مقاييس المتجر", "W".repeat(80), "Paper & Thread <of> “Quality”, and Everything that Goes with It"];
const WORDS = ["שלום עולם", "مرحبا بالعالم", "Grüße", "日本語のことば", "W".repeat(256), "a b", "<b>bold</b>"];
const TYPES = ["Hit Counter", "Counter", "Timer", "Word Web"];

/** A year of a small web shop; `me` is signed in. */
export async function demo(browser, options = {}) {
  const folder = await newFolder(options);
  const [email, password] = folder.run("demo").trim().split("\n").map((line) => line.split(": ")[1]);
  const site = await start(folder);
  const me = await person(browser, site.url, options.context);
  await me.page.goto("/sign-in");
  await signIn(me.page, email, password);
  await me.page.waitForURL(/\/projects\/\w+$/);
  const project = new URL(me.page.url()).pathname;
  return { ...world(folder, site), me, project, email, password };
}

/** An installation without accounts. */
export async function fresh(options = {}) {
  const folder = await newFolder(options);
  return world(folder, await start(folder));
}

/** Somebody who has just signed up there: the project's path and its DSN. */
export async function newcomer(browser, site, email = "ada@example.com") {
  const me = await person(browser, site.url);
  const project = await signUp(me.page, "Ada", email);
  const dsn = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(await me.page.content())[0];
  return { me, project, dsn };
}

/** Publishes data points, a thousand at a time. */
export async function publish(site, dsn, points) {
  for (let from = 0; from < points.length; from += 1000) {
    const body = JSON.stringify(points.slice(from, from + 1000));
    const answer = await fetch(`${site.url}/api/v1/ingest?dsn=${dsn}`, { method: "POST", body });
    assert.equal(answer.status, 201, await answer.text());
  }
}

/** One data point of each type, the last with a name as long as can be. */
export function onePoints() {
  const values = { "Hit Counter": undefined, Counter: 3, Timer: 812, "Word Web": "שלום" };
  const points = TYPES.map((type) => ({ name: `One ${type}`, type, value: values[type] }));
  return [...points, { name: "W".repeat(255), type: "Counter", value: 1 }];
}

/** Fifty organisations and 2,000 metrics, with names of every length and direction, values from tiny to huge. */
export async function crowded(browser) {
  const place = await fresh();
  const somebody = await newcomer(browser, place.site);
  const { me, project, dsn } = somebody;
  const csrf = await me.page.locator("input[name=csrf]").first().inputValue();
  for (let n = 1; n < 50; n += 1) {
    const name = `${n} ${NAMES[n % NAMES.length]}`.slice(0, 80);
    const made = await me.context.request.post("/organisations", { form: { csrf, name }, maxRedirects: 0 });
    assert.equal(made.status(), 303, name);
  }
  const now = Date.now();
  const points = Array.from({ length: 2000 }, (_, n) => {
    const type = TYPES[n % TYPES.length];
    const name = `${n} ${NAMES[n % NAMES.length].repeat(4)}`.slice(0, n % 7 ? 30 : 255);
    const value = type === "Word Web" ? WORDS[n % WORDS.length] : type === "Hit Counter" ? 1 + (n % 1000) : [1e-9, 0.5, 3, 1e15, 123456.789][n % 5];
    return { name, type, value, timestamp: new Date(now - n * 40_000).toISOString() };
  });
  // a metric of each type that has it all: many words, extreme values, gaps
  for (const [n, word] of WORDS.entries()) points.push({ name: "כל המילים", type: "Word Web", value: word, timestamp: now - n * 3_600_000 });
  for (const [n, value] of [-1e300, 1e300, 0, -0.000001, 5e-324].entries()) points.push({ name: "1 Extreme", type: "Counter", value, timestamp: now - n * 3_600_000 });
  await publish(place.site, dsn, [...points.slice(-12), ...points.slice(0, 1995)]);
  return { ...place, ...somebody };
}

function world(folder, site) {
  return {
    folder,
    site,
    async end() {
      await site.stop();
      await folder.remove();
    },
  };
}
