// Data in and out, as people do it: an export that goes to a file while its progress is shown, an import whose upload
// breaks off and goes on where it was.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { eventually, launch, newFolder, person, signUp, start, violations } from "./harness.js";

let browser, folder, site, ada, project;
before(async () => {
  browser = await launch();
  folder = await newFolder();
  site = await start(folder);
  ada = await person(browser, site.url);
  project = await signUp(ada.page, "Ada", "ada@example.com");
});
after(async () => {
  await browser?.close();
  await site?.stop();
  await folder?.remove();
});

const ROWS = 120_000;
const hour = Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth(), new Date().getUTCDate()) / 1000 - 86_400;
const csv = `time,Orders,Load\n${Array.from({ length: ROWS }, (_, n) => `${hour + (n % 3600)},${n % 7},${n % 100 === 3 ? "?" : n / 8}`).join("\n")}\n`;

test("an upload that breaks off goes on where it was, and is imported", async () => {
  const { page, faults } = ada;
  await page.goto(`${project}/settings`);
  await page.getByRole("button", { name: "Import" }).click();
  await page.waitForURL(/\/imports\??$/);
  const big = join(folder.data, "figures.csv");
  await writeFile(big, csv.padEnd(9_000_000, "\n"));
  // of three parts the second one doesn't get through, and the tab is closed
  await page.route(/parts\?offset=4194304/, (route) => route.abort());
  await page.getByLabel("File").setInputFiles(big);
  await page.getByRole("button", { name: "Upload" }).click();
  await page.getByText("The connection broke. Trying again.").waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("Stopped. Press Upload to go on where it was.").waitFor();
  await page.unroute(/parts\?offset=4194304/);
  await page.goto(`${project}/imports`);
  await page.getByText("46 % uploaded").waitFor();
  assert.deepEqual(await violations(page), []);
  const sent = [];
  page.on("request", (request) => request.url().includes("/parts?") && sent.push(new URL(request.url()).search));
  // a file of the same name, size and time is the same one
  await page.getByLabel("File").setInputFiles(big);
  await page.getByRole("button", { name: "Upload" }).click();
  await page.waitForURL(/\/imports\/\w{10}$/);
  assert.ok(sent.length >= 2, `${sent}`);

  await page.getByText("One time, a column a metric").waitFor({ state: "attached" });
  assert.deepEqual(await violations(page), []);
  await page.getByLabel("Each row is").selectOption("wide");
  await page.getByLabel("Type").selectOption("Timer");
  await page.waitForURL(/kind=Timer/);
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.getByText("Data points stored").waitFor();
  await page.getByRole("heading", { name: "Imported", exact: true }).waitFor({ timeout: 120_000 });
  const text = await page.getByRole("main").innerText();
  assert.match(text, /238,800/, text);
  assert.match(text, /1,200/, text);
  assert.deepEqual(await violations(page), []);
  const list = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download what was rejected" }).click();
  assert.match((await list).suggestedFilename(), /^rejected-/);
  assert.deepEqual(faults.filter((fault) => !/parts\?offset/.test(fault)), []);
});

test("an export goes to a file where the browser can, else it is a download", async () => {
  const { page, faults } = await person(browser, site.url, { storageState: await ada.context.storageState() });
  await page.addInitScript(() => {
    globalThis.kept = 0;
    globalThis.showSaveFilePicker = async ({ suggestedName }) => ({
      name: suggestedName,
      createWritable: async () => new WritableStream({ write: (part) => void (globalThis.kept += part.byteLength) }),
    });
  });
  await page.goto(`${project}/export`);
  await page.getByText("238,800 rows").waitFor();
  assert.deepEqual(await violations(page), []);
  await page.getByLabel("Detail").selectOption("day");
  await page.getByText(/At most \d rows/).waitFor();
  await page.getByLabel("Detail").selectOption("data-points");
  await page.getByText("238,800 rows").waitFor();
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByText(/Saved as microstat\.csv/).waitFor({ timeout: 60_000 });
  const kept = await page.evaluate(() => globalThis.kept);
  assert.ok(kept > 238_800 * 40, `${kept}`);

  const plain = await person(browser, site.url, { storageState: await ada.context.storageState() });
  await plain.page.addInitScript(() => delete globalThis.showSaveFilePicker);
  await plain.page.goto(`${project}/export`);
  await plain.page.getByLabel("Parquet").check();
  await plain.page.getByText("238,800 rows").waitFor();
  const download = plain.page.waitForEvent("download");
  await plain.page.getByRole("button", { name: "Export" }).click();
  assert.match((await download).suggestedFilename(), /\.parquet$/);
  assert.ok(await eventually(async () => (await (await download).failure()) === null));
  assert.deepEqual([...faults, ...plain.faults], []);
});
