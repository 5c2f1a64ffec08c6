// What the tutorial says to run is run, as a newcomer would: copied from the page, and nothing added.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, person } from "./harness.js";
import { fresh, newcomer } from "./worlds.js";

/** How a copied program is started: its file, and what with. */
const RUN = {
  node: ["microstat.mjs", "node"],
  python: ["microstat.py", "/usr/bin/python3"],
  curl: ["microstat.sh", "sh"],
};

let browser, place, me, project, folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "microstat-tutorial-"));
  browser = await launch();
  place = await fresh();
  ({ me, project } = await newcomer(browser, place.site));
});
after(async () => {
  await browser?.close();
  await place?.end();
  await rm(folder, { recursive: true, force: true });
});

/** The program on the tutorial, its two parts one after the other. */
async function program(way) {
  await me.page.goto(`${project}/tutorial?with=${way}`);
  const text = (id) => me.page.locator(`pre#${id}`).innerText();
  return `${await text("connect")}\n${await text("publish")}\n`;
}

/** How many data points each metric of the project has. */
async function published() {
  await me.page.goto(`${project}/metrics`);
  return (await me.page.locator("main").innerText()).split("\n");
}

for (const [way, [file, command]] of Object.entries(RUN)) {
  test(`${way}: copied, run, arrived`, async () => {
    const path = join(folder, file);
    const text = await program(way);
    await writeFile(path, text);
    const said = execFileSync(command, [path], { encoding: "utf8", timeout: 20_000, stdio: ["ignore", "pipe", "pipe"] });
    assert.ok(!said.includes("micro stat:"), said);
    const list = await published();
    const names = [...text.matchAll(/publish\("([^"]+)"|"name": "([^"]+)"/g)].map(([, one, other]) => one ?? other);
    assert.equal(names.length, 4, text);
    for (const name of names) assert.ok(list.some((line) => line.includes(name)), `${name} isn't in ${list}`);
  });
}

test("a browser: the code on a page of another origin, arrived", async () => {
  const text = await program("browser");
  const page = createServer((request, answer) => {
    const script = request.url === "/microstat.js";
    answer.writeHead(200, { "content-type": script ? "text/javascript" : "text/html" });
    answer.end(script ? text : '<!doctype html><title>shop</title><script src="microstat.js"></script>');
  });
  await new Promise((ready) => page.listen(0, "127.0.0.1", ready));
  const visitor = await person(browser, `http://127.0.0.1:${page.address().port}`);
  const arrived = visitor.page.waitForResponse((response) => response.url().includes("/ingest"));
  await visitor.page.goto("/");
  assert.equal((await arrived).status(), 201);
  await visitor.page.waitForLoadState("networkidle");
  assert.deepEqual(visitor.faults, []);
  await visitor.context.close();
  page.close();
  const names = [...text.matchAll(/publish\("([^"]+)"/g)].map(([, name]) => name);
  const list = await published();
  for (const name of names) assert.ok(list.some((line) => line.includes(name)), `${name} isn't in ${list}`);
});
