// Pages that keep themselves up to date, and the palette that leads anywhere.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventually, launch, newFolder, person, signUp, start } from "./harness.js";

let folder, site, browser, ada, project, dsn;
before(async () => {
  folder = await newFolder();
  site = await start(folder);
  browser = await launch();
  ada = await person(browser, site.url);
  project = await signUp(ada.page, "Ada", "ada@example.com");
  dsn = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(await ada.page.content())[0];
  // What is compared is the bucket of this hour, which must not end meanwhile.
  while (60 - new Date().getMinutes() <= 1) await new Promise((later) => setTimeout(later, 1_000));
  await publish("Order", 3);
});
after(async () => {
  await browser?.close();
  await site?.stop();
  await folder?.remove();
});

async function publish(name, times = 1) {
  const points = Array.from({ length: times }, () => ({ name, type: "Hit Counter" }));
  const answer = await fetch(`${site.url}/api/v1/ingest?dsn=${dsn}`, { method: "POST", body: JSON.stringify(points) });
  assert.equal(answer.status, 201);
}

const all = (page) => page.locator("#all-data-points");
const total = async (page) => (await all(page).locator(".stat-value").textContent()).trim();
const isLive = (page, state) => eventually(async () => (await page.locator("live-page").getAttribute("state")) === state);

test("new data points come onto the chart by themselves, and nothing jumps", async () => {
  const { page, faults } = ada;
  await page.goto(project);
  await isLive(page, "live");
  await all(page).locator("summary").click();
  await all(page).locator("chart-readout").focus();
  await page.keyboard.press("End");
  const read = await all(page).locator(".readout").textContent();
  await page.evaluate(() => {
    globalThis.shift = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (globalThis.shift += entry.value))).observe({ type: "layout-shift" });
  });
  assert.equal(await total(page), "3");
  await publish("Order", 2);
  await page.waitForFunction(() => document.querySelector("#all-data-points .stat-value").textContent.trim() === "5");
  assert.ok(await all(page).locator("details").getAttribute("open") !== null, "what was folded out stays so");
  assert.equal(await page.evaluate(() => document.activeElement.localName), "chart-readout");
  assert.equal(await all(page).locator(".readout").textContent(), read.replace("Data points3", "Data points5"));
  assert.equal(await page.evaluate(() => globalThis.shift), 0);
  // much at once: the last of it is told
  for (let batch = 0; batch < 20; batch += 1) await publish("Order");
  await eventually(async () => (await total(page)) === "25");
  assert.deepEqual(faults, []);
});

test("a page pauses and catches up, and what is selected stays", async () => {
  const { page, faults } = ada;
  await page.goto(project);
  await isLive(page, "live");
  await page.getByRole("button", { name: /^Live\s*: pause live updates$/ }).press("Enter");
  await publish("Order");
  await page.waitForTimeout(1_500);
  assert.equal(await total(page), "25");
  await page.getByRole("button", { name: /^Paused\s*: resume live updates$/ }).press("Enter");
  await eventually(async () => (await total(page)) === "26");
  await page.evaluate(() => getSelection().selectAllChildren(document.querySelector("#all-data-points .stat-value")));
  await publish("Order");
  await page.waitForTimeout(1_500);
  assert.equal(await total(page), "26");
  await page.evaluate(() => getSelection().removeAllRanges());
  await eventually(async () => (await total(page)) === "27");
  assert.deepEqual(faults, []);
});

test("a page ends quietly with the session", async () => {
  const { page, context } = ada;
  await page.goto(project);
  await isLive(page, "live");
  const other = await context.newPage();
  await other.goto(project);
  await other.getByRole("button", { name: "Sign out" }).click();
  await isLive(page, "ended");
  await page.getByRole("button", { name: /^Not live\s*: reload$/ }).click();
  await page.waitForURL(/\/sign-in/);
});

test("the palette finds a metric by a few letters, with the keyboard alone", async () => {
  const bob = await person(browser, site.url);
  const his = await signUp(bob.page, "Bob", "bob@example.com");
  dsn = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(await bob.page.content())[0];
  for (const name of ["Checkout Time", "Page Views"]) await publish(name);
  await bob.page.goto(`${his}/metrics`);
  await bob.page.keyboard.press("Control+k");
  const field = bob.page.getByRole("combobox");
  await field.fill("pgv");
  const chosen = bob.page.getByRole("option", { selected: true });
  await eventually(async () => (await chosen.textContent().catch(() => "")).includes("Page Views"));
  await field.press("Enter");
  await bob.page.getByRole("heading", { name: "Page Views", level: 1 }).waitFor();
  // what was opened last comes first
  await bob.page.getByRole("link", { name: "Search" }).click();
  await eventually(async () => (await chosen.textContent().catch(() => "")).includes("Page Views"));
  await field.press("ArrowDown");
  assert.ok(!(await chosen.textContent()).includes("Page Views"));
  await field.press("Escape");
  assert.equal(await field.isVisible(), false);
  assert.deepEqual(bob.faults, []);
});
