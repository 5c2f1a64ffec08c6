// What pages look like, held against approved pictures in approved/: of the demo at a time that stands still.
// APPROVE=1 node --test pictures.test.js approves what is there now.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, NOW, person } from "./harness.js";
import { Album, begin, differs } from "./pictures.js";
import { demo, newcomer } from "./worlds.js";

const HEIGHT = 1200;
/** What bin/test installs. On a phone's width, letters of another width would move everything below them. */
const FONT = "DejaVu Sans";

let browser, shop, album, visitor;
before(async () => {
  begin();
  browser = await launch();
  shop = await demo(browser, { atRest: true });
  visitor = await person(browser, shop.site.url);
  for (const { page } of [shop.me, visitor]) await page.clock.setFixedTime(NOW);
  album = new Album(await (await browser.newContext()).newPage());
});
after(async () => {
  await browser?.close();
  await shop?.end();
});

async function take(page, path, width, theme) {
  await page.setViewportSize({ width, height: HEIGHT });
  await page.emulateMedia({ colorScheme: theme });
  await page.goto(path);
  await page.evaluate(letters, FONT);
  return page.screenshot({ animations: "disabled" });
}

/** Runs on the page: which letters a system would choose is no matter of ours. */
function letters(font) {
  for (const name of ["--font", "--font-rounded"]) document.documentElement.style.setProperty(name, font);
}

/** Takes these pictures of a page: "1440 light". */
async function pictures({ page }, name, path, ...looks) {
  for (const look of looks) {
    const [width, theme] = look.split(" ");
    await album.hold(`${name}-${width}-${theme}`, await take(page, path, Number(width), theme));
  }
}

test("pages look as approved", async () => {
  const { me, project } = shop;
  const { page } = me;
  await page.goto(`${project}/metrics`);
  const metric = async (name) => page.getByRole("link", { name, exact: true }).first().getAttribute("href");
  const [hits, counter, timer, words] = [await metric("Order"), await metric("Basket Items"), await metric("Checkout Time"), await metric("Search Words")];
  await page.goto("/account");
  const organisation = (await page.getByRole("link", { name: "Your Organisation" }).getAttribute("href")).replace(/\/settings$/, "");

  await pictures(me, "dashboard", project, "1440 light", "1440 dark", "2560 light", "768 dark", "390 light");
  await pictures(me, "metrics", `${project}/metrics`, "1440 light", "390 dark");
  await pictures(me, "hit-counter", hits, "1440 light", "390 dark");
  await pictures(me, "counter", counter, "1440 dark", "390 light");
  await pictures(me, "timer", timer, "1440 light", "768 dark", "390 light");
  await pictures(me, "timer-1y", `${timer}?range=1y`, "1440 dark", "2560 light");
  await pictures(me, "word-web", words, "1440 light", "390 dark");
  await pictures(me, "overview", "/overview", "1440 light", "390 dark");
  await page.goto(`${organisation}/boards`);
  const board = await page.locator("main a[href*='/boards/']:not([href$='/new'])").first().getAttribute("href");
  await pictures(me, "boards", `${organisation}/boards`, "768 light");
  await pictures(me, "board", board, "1440 light", "390 dark");
  await pictures(me, "annotations", `${project}/annotations`, "768 dark");
  await pictures(me, "export", `${project}/export`, "1440 light");
  await pictures(me, "imports", `${project}/imports`, "390 light");
  await pictures(me, "metric-edit", `${timer}/edit`, "768 light");
  await pictures(me, "search", "/search?q=checkout", "768 dark");
  await pictures(me, "tutorial", `${project}/tutorial?with=node`, "1440 light", "390 dark");
  await pictures(me, "metric-deletion", `${timer}/deletion`, "768 light");
  await pictures(me, "account", "/account", "1440 dark", "390 light");
  await pictures(me, "organisation", `${organisation}/settings`, "1440 light", "390 dark");
  await pictures(me, "invite", `${organisation}/invitations/new`, "768 light");
  await pictures(me, "audit-log", `${organisation}/audit-log`, "1440 light");
  await pictures(me, "project", `${project}/settings`, "1440 light", "390 dark");
  await pictures(visitor, "sign-in", "/sign-in", "1440 light", "390 dark");
  await pictures(visitor, "sign-up", "/sign-up", "1440 dark", "390 light");
  await pictures(visitor, "help", "/help", "1440 light");
  await pictures(visitor, "help-page", "/help/metric-types", "1440 light", "390 dark");
  await pictures(visitor, "help-search", "/help?q=invite+my+team", "1440 light");
  await pictures(visitor, "not-found", "/nothing-here", "1440 light");
  const { me: ada, project: empty } = await newcomer(browser, shop.site);
  await ada.page.clock.setFixedTime(NOW);
  await pictures(ada, "nothing-yet", empty, "1440 light", "390 dark");
  assert.equal(album.end(), "");
});

test("other letters look the same; another colour, another place or another size of a chart doesn't", async () => {
  const { page } = shop.me;
  for (const theme of ["light", "dark"]) {
    const before = await take(page, shop.project, 1440, theme);
    /** What is unlike after this was done to the page. */
    const after = async (change, font = FONT) => {
      await page.goto(shop.project);
      await page.evaluate(letters, font);
      await page.evaluate(change);
      return differs(await album.compare(before, await page.screenshot({ animations: "disabled" })));
    };
    assert.equal(await after(""), false, "the same");
    for (const font of ["Liberation Sans", "DejaVu Serif"]) assert.equal(await after("", font), false, `${font}, ${theme}`);
    const changes = {
      colour: `document.documentElement.style.setProperty("--series-1", "#2f9e44")`,
      moved: `document.querySelector("svg.picture").style.transform = "translateX(70px)"`,
      flat: `document.querySelector("svg.picture").style.transform = "scaleY(0.6)"`,
      gone: `document.querySelector("svg.picture").style.visibility = "hidden"`,
      ground: `document.documentElement.style.setProperty("--surface", "#e0e0d0")`,
    };
    for (const [what, change] of Object.entries(changes)) assert.equal(await after(change), true, `${what}, ${theme}`);
  }
});
