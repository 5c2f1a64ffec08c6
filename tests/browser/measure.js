// What a page costs whoever opens it for the first time: bytes, requests, layout shift, largest contentful paint, and
// whether it works without script. Prints Markdown; ends with an error if a goal isn't met. See benches/README.md.
//   cargo build --release --bins --examples && node tests/browser/measure.js
import { existsSync } from "node:fs";

process.env.MICROSTAT_BUILT ??= new URL("../../target/release", import.meta.url).pathname;
for (const program of ["microstat", "examples/for_browser_tests"]) {
  if (!existsSync(`${process.env.MICROSTAT_BUILT}/${program}`)) throw new Error(`${program} isn't there: cargo build --release --bins --examples`);
}
const { launch, routes } = await import("./harness.js");
const { follow } = await import("./routes.js");
const { demo } = await import("./worlds.js");

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const GOALS = { kb: 100, shift: 0, paintMs: 300 };
/** Pages beside those of metrics that people look at most; those that aren't there are left out. */
const MAIN = [
  ["Dashboard", "/projects/{project}"],
  ["Metrics", "/projects/{project}/metrics"],
  ["Overview", "/overview"],
  ["Boards", "/organisations/{organisation}/boards"],
  ["A board", "/organisations/{organisation}/boards/{board}"],
  ["Annotations", "/projects/{project}/annotations"],
  ["Tutorial", "/projects/{project}/tutorial"],
  ["Your Account", "/account"],
  ["Your Organisation", "/organisations/{organisation}/settings"],
  ["Your Project", "/projects/{project}/settings"],
  ["A help page", "/help/{page}"],
];

const browser = await launch();
const shop = await demo(browser);
try {
  const rows = [];
  for (const [name, path] of await pages()) rows.push(await measured(name, path));
  print(rows);
  if (rows.some((row) => !row.met)) process.exitCode = 1;
} finally {
  await browser.close();
  await shop.end();
}

async function pages() {
  const { me, project } = shop;
  const { found } = await follow(me.context.request, routes(), [project, `${project}/tutorial`]);
  const main = MAIN.flatMap(([name, route]) => (found.get(route) ?? []).slice(0, 1).map((path) => [name, path]));
  const metrics = await me.context.request.get(`${project}/metrics`);
  const html = await metrics.text();
  const path = (name) => new RegExp(`href="(/projects/\\w+/metrics/\\w+)"[^>]*>(?:<[^>]*>)*${name}<`).exec(html)?.[1];
  const of = [["a Hit Counter", "Order"], ["a Counter", "Basket Items"], ["a Timer", "Checkout Time"], ["a Word Web", "Search Words"]];
  for (const [kind, name] of of) {
    if (!path(name)) throw new Error(`${name} isn't on the list of metrics`);
    main.push([kind, path(name)], [`${kind}, 1 year`, `${path(name)}?range=1y`]);
  }
  return main;
}

/** Opens a page with everything cold, some times over; medians. */
async function measured(name, path) {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await opened(path));
  const median = (key) => rounds.map((round) => round[key]).sort((a, b) => a - b)[Math.floor(ROUNDS / 2)];
  const row = { name, kb: median("bytes") / 1000, requests: median("requests"), shift: Math.max(...rounds.map((round) => round.shift)), paintMs: median("paintMs"), lost: await withoutScript(path) };
  row.met = row.kb < GOALS.kb && row.shift <= GOALS.shift && row.paintMs < GOALS.paintMs && row.lost.length === 0;
  return row;
}

async function opened(path) {
  const context = await browser.newContext({ baseURL: shop.site.url, storageState: await shop.me.context.storageState(), viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const wire = await context.newCDPSession(page);
  let [bytes, requests] = [0, 0];
  wire.on("Network.requestWillBeSent", () => (requests += 1));
  wire.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
  await wire.send("Network.enable");
  await page.addInitScript(() => {
    globalThis.seen = { shift: 0, paintMs: 0 };
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (globalThis.seen.shift += entry.value))).observe({ type: "layout-shift", buffered: true });
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (globalThis.seen.paintMs = entry.startTime))).observe({ type: "largest-contentful-paint", buffered: true });
  });
  await page.goto(path, { waitUntil: "load" });
  // what scripts change, they have changed by now
  await page.waitForTimeout(400);
  const seen = await page.evaluate(() => globalThis.seen);
  await context.close();
  if (seen.paintMs === 0) throw new Error(`${path} painted nothing`);
  return { bytes, requests, ...seen };
}

/** What a page has with script and lacks without: its heading, words, links and fields. */
async function withoutScript(path) {
  const look = async (javaScriptEnabled) => {
    const context = await browser.newContext({ baseURL: shop.site.url, storageState: await shop.me.context.storageState(), javaScriptEnabled });
    const page = await context.newPage();
    await page.goto(path);
    const main = page.locator("main");
    const seen = {
      heading: await main.locator("h1").first().isVisible(),
      words: (await main.innerText()).split(/\s+/).length,
      charts: await main.locator("svg.picture").count(),
      links: await main.locator("a[href]").count(),
      fields: await main.locator("form :is(input, select, textarea, button)").count(),
    };
    await context.close();
    return seen;
  };
  const [whole, plain] = [await look(true), await look(false)];
  // scripts say times in other words, so their number may differ a little
  return Object.keys(plain).filter((what) => Number(plain[what]) < Number(whole[what]) * (what === "words" ? 0.9 : 1));
}

function print(rows) {
  console.log(`Medians of ${ROUNDS}; everything cold, on loopback. Goals: < ${GOALS.kb} kB, no layout shift, largest contentful paint < ${GOALS.paintMs} ms, nothing lost without script.\n`);
  console.log("| page | kB | requests | layout shift | largest contentful paint, ms | without script | |");
  console.log("|---|---:|---:|---:|---:|---|---|");
  for (const { name, kb, requests, shift, paintMs, lost, met } of rows) {
    console.log(`| ${name} | ${kb.toFixed(1)} | ${requests} | ${Number(shift.toFixed(4))} | ${paintMs.toFixed(0)} | ${lost.length ? `lacks ${lost.join(", ")}` : "works"} | ${met ? "met" : "**not met**"} |`);
  }
}
