// Every page, as people see it: full, empty and with one data point; three widths, light and dark. Nothing overflows,
// no script fails, no request is refused, axe finds nothing. SHOTS=1 keeps a picture of each in output/, to look at.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { launch, newFolder, person, signIn, signUp, start, violations } from "./harness.js";

const WIDTHS = [1440, 768, 390];
const THEMES = ["light", "dark"];
const SHOTS = process.env.SHOTS ? new URL("./output/", import.meta.url).pathname : null;

let browser;
before(async () => {
  browser = await launch();
  if (SHOTS) await mkdir(SHOTS, { recursive: true });
});
after(() => browser?.close());

/** Visits each page at every width in both themes. */
async function inspect({ page, faults }, pages) {
  const wrong = [];
  for (const [name, path] of pages) {
    await page.setViewportSize({ width: WIDTHS[0], height: 900 });
    await page.goto(path);
    for (const theme of THEMES) {
      await page.emulateMedia({ colorScheme: theme });
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        const where = `${name} ${width} ${theme}`;
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (over > 0) wrong.push(`${where}: ${over} px too wide`);
        if (width !== 768) wrong.push(...(await violations(page)).map((found) => `${where}: ${found}`));
        if (SHOTS) await page.screenshot({ path: `${SHOTS}${name}-${width}-${theme}.png`, fullPage: true });
      }
    }
  }
  assert.deepEqual(wrong, []);
  assert.deepEqual(faults, []);
}

describe("a year of demo data", () => {
  let folder, site, ada, project, organisation;
  before(async () => {
    folder = await newFolder();
    const [email, password] = folder.run("demo").trim().split("\n").map((line) => line.split(": ")[1]);
    site = await start(folder.data);
    ada = await person(browser, site.url);
    await ada.page.goto("/sign-in");
    await signIn(ada.page, email, password);
    await ada.page.waitForURL(/\/projects\/\w+$/);
    project = new URL(ada.page.url()).pathname;
    await ada.page.getByRole("link", { name: "Settings" }).click();
    organisation = (await ada.page.getByRole("link", { name: "Your Organisation" }).getAttribute("href")).replace(/\/settings$/, "");
  });
  after(async () => {
    await site?.stop();
    await folder?.remove();
  });

  test("what is looked at", async () => {
    await ada.page.goto(`${project}/metrics`);
    const pages = [["dashboard", project], ["metrics", `${project}/metrics`], ["tutorial", `${project}/tutorial`]];
    for (const kind of ["Hit Counter", "Counter", "Timer", "Word Web"]) {
      const row = ada.page.getByRole("row").filter({ has: ada.page.getByText(kind, { exact: true }) }).first();
      const path = await row.getByRole("link").first().getAttribute("href");
      const word = kind.toLowerCase().replace(" ", "-");
      pages.push([word, path], [`${word}-7d`, `${path}?range=7d`], [`${word}-1y`, `${path}?range=1y`]);
      if (kind === "Timer") {
        const erased = "from=2026-01-01T00:00&to=2030-01-01T00:00";
        pages.push(
          ["metric-deletion", `${path}/deletion`],
          ["data-points", `${path}/data-points`],
          ["data-points-deletion", `${path}/data-points/deletion`],
          ["data-points-deletion-asked", `${path}/data-points/deletion?${erased}`],
        );
      }
    }
    await inspect(ada, pages);
  });

  test("settings", async () => {
    await inspect(ada, [
      ["account", "/account"],
      ["join", "/account/join"],
      ["account-deletion", "/account/deletion"],
      ["organisation", `${organisation}/settings`],
      ["organisation-name", `${organisation}/name`],
      ["organisation-new", "/organisations/new"],
      ["invite", `${organisation}/invitations/new`],
      ["departure", `${organisation}/departure`],
      ["organisation-deletion", `${organisation}/deletion`],
      ["audit-log", `${organisation}/audit-log`],
      ["project", `${project}/settings`],
      ["project-new", `${organisation}/projects/new`],
      ["project-name", `${project}/name`],
      ["project-deletion", `${project}/deletion`],
      ["retention", `${project}/retention`],
    ]);
  });
});

describe("a fresh installation", () => {
  let folder, site;
  before(async () => {
    folder = await newFolder();
    site = await start(folder.data);
  });
  after(async () => {
    await site?.stop();
    await folder?.remove();
  });

  test("signed out", async () => {
    const visitor = await person(browser, site.url);
    await inspect(visitor, [
      ["sign-in", "/sign-in"],
      ["sign-up", "/sign-up"],
      ["forgot-password", "/forgot-password"],
      ["invitation-gone", "/invitations/no-such-token"],
      ["not-found", "/nothing-here"],
      ["help", "/help"],
    ]);
  });

  test("help", async () => {
    const visitor = await person(browser, site.url);
    await visitor.page.goto("/help");
    const links = await visitor.page.locator("main a[href^='/help/']").evaluateAll((all) => all.map((link) => new URL(link.href).pathname));
    assert.ok(links.length >= 4, `${links}`);
    await inspect(visitor, [...new Set(links)].map((path) => [path.slice(1).replace("/", "-"), path]));
  });

  test("no data, then one data point of each type", async () => {
    const ada = await person(browser, site.url);
    const project = await signUp(ada.page, "Ada", "ada@example.com");
    const dsn = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(await ada.page.content())[0];
    await inspect(ada, [["dashboard-empty", project], ["metrics-empty", `${project}/metrics`], ["tutorial-empty", `${project}/tutorial`]]);
    const one = { "Hit Counter": undefined, Counter: 3, Timer: 812, "Word Web": "שלום" };
    const body = Object.entries(one).map(([type, value]) => ({ name: `One ${type}`, type, value }));
    body.push({ name: "W".repeat(255), type: "Counter", value: 1 });
    const answer = await fetch(`${site.url}/ingest?dsn=${dsn}`, { method: "POST", body: JSON.stringify(body) });
    assert.equal(answer.status, 201);
    await ada.page.goto(`${project}/metrics`);
    const pages = [["dashboard-one", project], ["metrics-one", `${project}/metrics`]];
    for (const { name, type } of body) {
      const path = await ada.page.getByRole("link", { name, exact: true }).getAttribute("href");
      pages.push([`one-${name.length > 99 ? "long-name" : type.toLowerCase().replace(" ", "-")}`, path]);
    }
    await inspect(ada, pages);
  });
});
