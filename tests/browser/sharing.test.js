// Public links as strangers have them: a board and a chart, in another site's page and as a badge, until they are revoked;
// and boards put in order by dragging.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { launch, person } from "./harness.js";
import { inspect } from "./inspect.js";
import { demo } from "./worlds.js";

let browser, shop, board, metric, elsewhere;
const links = {};
before(async () => {
  browser = await launch();
  shop = await demo(browser);
  const { page } = shop.me;
  await page.goto(`${shop.project}/metrics`);
  metric = await page.getByRole("link", { name: "Checkout Time" }).getAttribute("href");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Boards" }).click();
  board = await page.locator("main a[href*='/boards/']:not([href$='/new'])").first().getAttribute("href");
  // a page of somebody else's
  elsewhere = createServer((_, answer) => {
    answer.setHeader("content-type", "text/html");
    answer.end(`<!doctype html><html lang="en"><title>A blog</title><main><h1>How fast we are</h1>${links.embed}<p><img src="${links.badge}" alt="Checkout Time"></p></main></html>`);
  });
  await new Promise((ready) => elsewhere.listen(0, "127.0.0.1", ready));
});
after(async () => {
  elsewhere?.close();
  await browser?.close();
  await shop?.end();
});

/** Makes a public link as people do, and gives what the page shows of it. */
async function share(path) {
  const { page } = shop.me;
  await page.goto(`${path}/shares`);
  await page.getByRole("button", { name: "Make public link" }).click();
  const field = async (name) => {
    const box = page.getByRole("textbox", { name, exact: true });
    return (await box.count()) ? box.inputValue() : null;
  };
  return { link: await field("Link"), embed: await field("In a web page"), badge: await field("As a badge, in Markdown") };
}

test("a stranger sees a shared chart and board, at any width, and is left no cookie", async () => {
  const chart = await share(metric);
  links.chart = chart.link;
  links.embed = chart.embed;
  links.badge = /\]\((.*)\)/.exec(chart.badge)[1];
  links.board = (await share(board)).link;
  const stranger = await person(browser, shop.site.url);
  await inspect(stranger, [["shared-chart", links.chart], ["shared-board", links.board]]);
  const { page } = stranger;
  await page.goto(links.board);
  const charts = await page.locator("svg.picture").count();
  assert.ok(charts >= 2, `${charts} charts`);
  const [first] = await page.locator("svg.picture").all();
  const before = await first.innerHTML();
  await page.getByRole("link", { name: "30 days" }).click();
  await page.waitForURL(/range=30d/);
  assert.notEqual(await page.locator("svg.picture").first().innerHTML(), before, "another time");
  assert.equal(await page.locator("main a:not([href^='?range=']), form").count(), 0, "no way into the product");
  assert.deepEqual(await stranger.context.cookies(), []);
  await stranger.context.close();
});

test("a chart stands in another site's page, and a badge beside it, without script", async () => {
  const stranger = await person(browser, shop.site.url, { javaScriptEnabled: false });
  const { page } = stranger;
  await page.goto(`http://127.0.0.1:${elsewhere.address().port}/`);
  const frame = page.frameLocator("iframe");
  await frame.getByRole("heading", { name: "Checkout Time" }).waitFor();
  assert.equal(await frame.locator("svg.picture").count(), 1);
  const [wide, high] = await page.locator("img").evaluate((image) => [image.naturalWidth, image.naturalHeight]);
  assert.ok(wide > 60 && high === 20, `${wide} × ${high}`);
  assert.deepEqual(stranger.faults, []);
  await stranger.context.close();
});

test("a revoked link is gone at once, in pages, frames and badges", async () => {
  const { page } = shop.me;
  await page.goto(`${metric}/shares`);
  await page.getByRole("button", { name: "Revoke" }).first().click();
  const stranger = await person(browser, shop.site.url);
  assert.equal((await stranger.page.goto(links.chart)).status(), 410);
  await stranger.page.goto(`http://127.0.0.1:${elsewhere.address().port}/`);
  await stranger.page.frameLocator("iframe").getByText("This chart is no longer shared.").waitFor();
  assert.equal((await stranger.page.goto(links.board)).status(), 200, "the other link stays");
  await stranger.context.close();
});

test("a board's charts are put in order by dragging and stay so", async () => {
  const { page, faults } = shop.me;
  await page.goto(board);
  await page.getByRole("link", { name: /arrange/i }).click();
  const names = () => page.locator("board-order .board-chart h2").allTextContents();
  const [first, second, ...others] = await names();
  const bars = page.locator("board-order .board-tools");
  await bars.nth(1).dragTo(page.locator("board-order .board-chart").first());
  await page.waitForFunction((name) => document.querySelector("board-order .board-chart h2")?.textContent === name, second);
  assert.deepEqual(await names(), [second, first, ...others]);
  await page.reload();
  assert.deepEqual(await names(), [second, first, ...others]);
  assert.deepEqual(faults, []);
});
