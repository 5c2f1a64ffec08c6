// The real program in a folder of its own, browsers to visit it with, and the mails it wrote.
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import axe from "axe-core";
import { chromium } from "playwright-core";

const BUILT = process.env.MICROSTAT_BUILT ?? new URL("../../target/debug", import.meta.url).pathname;
const PROGRAM = process.env.MICROSTAT_BIN ?? join(BUILT, "microstat");
/** The same program at a time that stands still: see crates/microstat/examples/for_browser_tests.rs. */
const AT_REST = join(BUILT, "examples/for_browser_tests");
/** That time: Friday afternoon. */
export const NOW = new Date("2026-11-20T16:20:00Z");
const ARGUMENTS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

/** A password that is good enough. */
export const PASSWORD = "plum-lantern-quarry-77";

/** Every route of the program, like "GET /projects/{project}". */
export function routes() {
  return run(AT_REST, ["routes"]).trim().split("\n");
}

function run(program, words) {
  const done = spawnSync(program, words, { encoding: "utf8" });
  if (done.status !== 0) throw new Error(`${program} ${words.join(" ")}: ${done.stderr ?? done.error}`);
  return done.stdout;
}

/** A folder for an installation's data, and its sub-commands; `atRest` where time stands still. */
export async function newFolder({ atRest = false } = {}) {
  const data = await mkdtemp(join(tmpdir(), "microstat-browser-"));
  return {
    data,
    program: atRest ? AT_REST : PROGRAM,
    /** Runs a sub-command to its end and gives what it printed. */
    run(...words) {
      return run(this.program, [...words, "--data", data]);
    },
    remove: () => rm(data, { recursive: true, force: true }),
  };
}

/** Starts the program on a free port (or this one), and gives it back once it says that it is ready. */
export async function start({ data, program: path }, port) {
  port ??= await freePort();
  const url = `http://localhost:${port}`;
  const program = spawn(path, ["--listen", `127.0.0.1:${port}`, "--url", url, "--data", data], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  await new Promise((ready, failed) => {
    program.stderr.on("data", (bytes) => {
      said += bytes;
      if (said.includes("is ready")) ready();
    });
    program.on("exit", (code) => failed(new Error(`ended with ${code}: ${said}`)));
  });
  return {
    url,
    mails: () => mails(join(data, "mail")),
    log: () => said,
    async stop() {
      const ended = new Promise((done) => program.once("exit", done));
      program.kill("SIGTERM");
      await ended;
    },
  };
}

/** A port that nobody listens on, below those that connections are given: or one of them might have it before the program. */
async function freePort() {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const server = createServer();
    const isFree = await new Promise((found) => {
      server.once("error", () => found(false));
      server.listen(port, "127.0.0.1", () => found(true));
    });
    if (!isFree) continue;
    await new Promise((closed) => server.close(closed));
    return port;
  }
}

/** The mails written so far, oldest first: `to`, `subject`, `text`, `html`. */
async function mails(folder) {
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => name.endsWith(".eml")).sort();
  return Promise.all(files.map(async (name) => readMail(await readFile(join(folder, name), "utf8"))));
}

function readMail(raw) {
  const { headers, body } = split(raw);
  const boundary = /boundary="?([^";]+)"?/.exec(headers["content-type"] ?? "")?.[1];
  const parts = boundary ? body.split(`--${boundary}`).slice(1, -1).map((part) => split(part.replace(/^\r?\n/, ""))) : [{ headers, body }];
  const of = (kind) => decode(parts.find((part) => (part.headers["content-type"] ?? "").startsWith(kind)));
  return { to: headers.to, subject: headers.subject, text: of("text/plain"), html: of("text/html") };
}

function split(raw) {
  const at = raw.search(/\r?\n\r?\n/);
  const head = raw.slice(0, at).replace(/\r?\n[ \t]+/g, " ");
  const headers = Object.fromEntries(head.split(/\r?\n/).map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }));
  return { headers, body: raw.slice(at).replace(/^(\r?\n){2}/, "") };
}

function decode(part) {
  if (!part) return "";
  const encoding = (part.headers["content-transfer-encoding"] ?? "").toLowerCase();
  if (encoding === "base64") return Buffer.from(part.body, "base64").toString("utf8");
  if (encoding !== "quoted-printable") return part.body;
  const bytes = part.body.replace(/=\r?\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/** The first link in a mail that leads to `under` on this site. */
export function linkIn(mail, under) {
  return new RegExp(`https?://[^\\s"<>]*${under}[^\\s"<>]*`).exec(mail.text)?.[0];
}

/** Asks again, as long as it takes within ten seconds, until `read` gives something. */
export async function eventually(read) {
  for (const until = Date.now() + 10_000; Date.now() < until; ) {
    const found = await read();
    if (found) return found;
    await new Promise((later) => setTimeout(later, 50));
  }
  throw new Error(`it never came: ${read}`);
}

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGUMENTS });
}

/** Somebody at a browser profile of their own; whatever goes wrong on their pages is kept in `faults`. */
export async function person(browser, url, options = {}) {
  const context = await browser.newContext({ baseURL: url, reducedMotion: "reduce", locale: "en-GB", timezoneId: "UTC", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const faults = [];
  page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  page.on("console", (message) => {
    // a page that answers 4xx or 5xx is for the test itself to judge
    if (message.type() === "error" && !/Failed to load resource/.test(message.text())) faults.push(`console: ${message.text()}`);
  });
  page.on("requestfailed", (request) => {
    if (request.failure()?.errorText !== "net::ERR_ABORTED") faults.push(`request: ${request.url()} ${request.failure()?.errorText}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400 && response.request().resourceType() !== "document") faults.push(`answer: ${response.status()} ${response.url()}`);
  });
  return { page, context, faults };
}

/** Signs up and lands on the tutorial of "My First Project"; gives the project's path. */
export async function signUp(page, name, email) {
  await page.goto("/sign-up");
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Email address").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign up" }).click();
  await page.waitForURL(/\/tutorial$/);
  return new URL(page.url()).pathname.replace(/\/tutorial$/, "");
}

/** Signs in. */
export async function signIn(page, email, password = PASSWORD) {
  await page.getByLabel("Email address").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Everything axe knows of WCAG 2.2 AA. */
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** What may differ between themes and widths where everything else is the same. */
export const LOOKS = { type: "rule", values: ["color-contrast", "target-size", "scrollable-region-focusable", "region"] };

/** What axe finds wrong on the page, in a line each. */
export async function violations(page, runOnly = RULES) {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe.source);
  const found = await page.evaluate((only) => globalThis.axe.run(document, { runOnly: only }), runOnly);
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
}
