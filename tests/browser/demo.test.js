// A year of demo data, every page that a link leads to, as an Administrator sees it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, routes } from "./harness.js";
import { inspect } from "./inspect.js";
import { follow, forgotten, lostSections, nameOf } from "./routes.js";
import { demo } from "./worlds.js";

let browser, shop;
before(async () => {
  browser = await launch();
  shop = await demo(browser);
  const { page, context } = shop.me;
  const csrf = await page.locator("input[name=csrf]").first().inputValue();
  const annotation = { csrf, zone: "UTC", kind: "deploy", text: "Version 4.2", at: "" };
  const made = await context.request.post(`${shop.project}/annotations`, { form: annotation, maxRedirects: 0 });
  assert.equal(made.status(), 303);
});
after(async () => {
  await browser?.close();
  await shop?.end();
});

test("every page there is", async () => {
  const all = routes();
  const { found, texts } = await follow(shop.me.context.request, all, [shop.project, `${shop.project}/tutorial`]);
  assert.deepEqual(forgotten(all, found), [], "no link leads there: make one, or say in routes.js why there is none");
  assert.deepEqual(lostSections(texts), []);
  await inspect(shop.me, [...found.values()].flat().map((path) => [nameOf(path), path]));
});

test("a metric of each type, over each range", async () => {
  const { page } = shop.me;
  await page.goto(`${shop.project}/metrics`);
  const pages = [];
  for (const type of ["Hit Counter", "Counter", "Timer", "Word Web"]) {
    const row = page.getByRole("row").filter({ has: page.getByText(type, { exact: true }) }).first();
    const path = await row.locator("a[href*='/metrics/']").first().getAttribute("href");
    const word = type.toLowerCase().replace(" ", "-");
    pages.push([word, path], [`${word}-1h`, `${path}?range=1h`], [`${word}-1y`, `${path}?range=1y`]);
    if (type === "Timer") pages.push(["data-points-deletion-asked", `${path}/data-points/deletion?from=2026-01-01T00:00&to=2030-01-01T00:00`]);
  }
  await inspect(shop.me, pages);
});
