// Every page where there is little or far too much: signed out, no data, one data point, 2,000 metrics, 50 organisations.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, person, routes } from "./harness.js";
import { inspect } from "./inspect.js";
import { follow, nameOf } from "./routes.js";
import { crowded, fresh, newcomer, onePoints, publish } from "./worlds.js";

let browser, place;
before(async () => {
  browser = await launch();
  place = await fresh();
});
after(async () => {
  await browser?.close();
  await place?.end();
});

/** Every page about a project that a link leads to from these. */
async function ofProject(me, starts) {
  const { found } = await follow(me.context.request, routes().filter((route) => !/^GET \/(help|account)/.test(route)), starts);
  return [...found].filter(([route]) => route.startsWith("/projects/{project}") || route.startsWith("/overview") || route.includes("boards")).flatMap(([, paths]) => paths);
}

test("signed out", async () => {
  const visitor = await person(browser, place.site.url);
  const { found } = await follow(visitor.context.request, routes(), ["/sign-in"]);
  const pages = [...found.values()].flat();
  for (const wanted of ["/sign-up", "/forgot-password", "/help"]) assert.ok(pages.includes(wanted), wanted);
  const gone = ["/invitations/no-such-token", "/password-resets/no-such-token", "/nothing-here"];
  await inspect(visitor, [...pages, ...gone].map((path) => [`signed-out-${nameOf(path)}`, path]));
});

test("no data", async () => {
  const { me, project } = await newcomer(browser, place.site);
  const pages = await ofProject(me, [project, `${project}/metrics`]);
  assert.ok(pages.length > 5, `${pages}`);
  await inspect(me, pages.map((path) => [`empty-${nameOf(path)}`, path]));
});

test("one data point of each type", async () => {
  const { me, project, dsn } = await newcomer(browser, place.site, "bob@example.com");
  const points = onePoints();
  await publish(place.site, dsn, points);
  await me.page.goto(`${project}/metrics`);
  const pages = [["one-dashboard", project], ["one-metrics", `${project}/metrics`]];
  for (const { name, type } of points) {
    const path = await me.page.getByRole("link", { name, exact: true }).getAttribute("href");
    pages.push([`one-${name.length > 99 ? "long-name" : type.toLowerCase().replace(" ", "-")}`, path]);
  }
  await inspect(me, pages);
});

test("2,000 metrics and 50 organisations, names of every length and direction", async () => {
  const crowd = await crowded(browser);
  try {
    const { me, project } = crowd;
    const paths = new Set(await ofProject(me, [project, `${project}/metrics`]));
    await me.page.goto(`${project}/metrics?q=Extreme`);
    for (const link of await me.page.locator("main td a[href*='/metrics/']").evaluateAll((all) => all.map((a) => a.getAttribute("href")))) paths.add(link);
    const words = await me.context.request.get(`${project}/metrics?q=${encodeURIComponent("כל המילים")}`);
    paths.add(/href="(\/projects\/\w+\/metrics\/\w+)"/.exec(await words.text())[1]);
    await inspect(me, [...paths, "/account"].map((path, n) => [`crowded-${n}-${nameOf(path)}`, path]));
  } finally {
    await crowd.end();
  }
});
