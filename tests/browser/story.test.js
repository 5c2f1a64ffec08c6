// The whole story of reference page "invite your team", in three browser profiles.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { inspect } from "./inspect.js";
import { eventually, launch, linkIn, newFolder, person, signIn, signUp, start } from "./harness.js";

let folder, site, browser;
before(async () => {
  folder = await newFolder();
  site = await start(folder);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await site?.stop();
  await folder?.remove();
});

const pick = (page, name) => page.getByRole("button", { name, exact: true }).or(page.getByRole("link", { name, exact: true })).first();

test("a team signs up, publishes, sees, invites, joins, leaves", async () => {
  const ada = await person(browser, site.url);
  const bob = await person(browser, site.url);
  const cyd = await person(browser, site.url);

  // sign up: an organisation, a project, its tutorial with the DSN filled in
  const project = await signUp(ada.page, "Ada", "ada@example.com");
  const dsn = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(await ada.page.content())[0];

  // the tutorial notices what curl publishes
  const body = JSON.stringify([{ name: "Basket Items", type: "Counter", value: 3 }]);
  const said = execFileSync("curl", ["-s", "-o", "/dev/null", "-w", "%{http_code}", "-X", "POST", `${site.url}/api/ingest?dsn=${dsn}`, "-d", body], { encoding: "utf8" });
  assert.equal(said, "201");
  await ada.page.getByText("Your first data point has arrived: Basket Items.").waitFor();

  // a page of another origin publishes from a browser
  await publishFromElsewhere(dsn);
  await ada.page.goto(`${project}/metrics`);
  await ada.page.getByRole("link", { name: "Page Views" }).waitFor();
  await ada.page.getByRole("link", { name: "Basket Items" }).click();
  await ada.page.getByRole("heading", { name: "Basket Items", exact: true }).waitFor();
  await ada.page.goto(project);
  await ada.page.getByRole("heading", { name: "All Data Points" }).waitFor();
  await ada.page.getByRole("heading", { name: "Busy Metrics" }).waitFor();

  // invite by mail
  await ada.page.getByRole("link", { name: "Settings" }).click();
  await ada.page.getByRole("link", { name: "Your Organisation" }).click();
  await pick(ada.page, "Invite my Team").click();
  await ada.page.getByLabel("Email addresses").fill("bob@example.com");
  await ada.page.getByRole("button", { name: "Send invitations" }).click();
  const mail = await eventually(async () => (await site.mails()).find((mail) => mail.to.includes("bob@example.com")));
  const link = linkIn(mail, "/invitations/");
  assert.ok(mail.text.includes("Ada's Organisation") && mail.html.includes("Ada"), mail.text);

  // Bob signs up with the link in hand and is in
  await bob.page.goto(link);
  await bob.page.getByRole("link", { name: "Sign up" }).click();
  await bob.page.getByLabel("Name").fill("Bob");
  await bob.page.getByLabel("Password").fill("copper-violin-marsh-42");
  await bob.page.getByRole("button", { name: "Sign up" }).click();
  await bob.page.getByText("You're now a member of Ada's Organisation").waitFor();
  assert.equal(new URL(bob.page.url()).pathname, project);

  // a used link lets nobody in, and tells nothing
  const answer = await cyd.page.goto(link);
  assert.equal(answer.status(), 410);
  assert.ok(!(await cyd.page.content()).includes("Ada"));

  // invite by code
  await ada.page.goto("/account");
  await ada.page.getByRole("link", { name: "Your Organisation" }).click();
  await pick(ada.page, "Invite my Team").click();
  await ada.page.getByRole("button", { name: "Create invitation code" }).click();
  const code = /[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}/.exec(await ada.page.locator("main").innerText())[0];

  // Cyd signs up alone, then joins by the code, typed as people type
  await signUp(cyd.page, "Cyd", "cyd@example.com");
  await cyd.page.getByRole("link", { name: "Settings" }).click();
  await pick(cyd.page, "Join an Organisation").click();
  await cyd.page.getByLabel("Invitation code").fill(` ${code.toLowerCase().replaceAll("-", " ")} `);
  await cyd.page.getByLabel("Invitation code").press("Enter");
  await cyd.page.getByText("You're now a member of Ada's Organisation").waitFor();

  // the switcher lists both of Cyd's organisations with their projects
  await cyd.page.getByRole("button", { name: "Switch organisation or project" }).click();
  await cyd.page.getByRole("link", { name: "Cyd's Organisation" }).waitFor();
  assert.equal(await cyd.page.getByRole("link", { name: "My First Project" }).count(), 2);
  await cyd.page.keyboard.press("Escape");

  // a code that somebody has joined by can be turned off together with them: the page that says so
  await ada.page.goto("/account");
  await ada.page.getByRole("link", { name: "Your Organisation" }).click();
  await look(ada, "code-ending", "form[method=get][action$='/ending']");

  // Cyd leaves: a wrong name changes nothing, the right one does
  await cyd.page.goto(project);
  await cyd.page.getByRole("link", { name: "Settings" }).click();
  await cyd.page.getByRole("link", { name: "Your Organisation" }).click();
  await pick(cyd.page, "Leave Organisation").click();
  await cyd.page.getByLabel("Organisation name").fill("Somebody Else's");
  await cyd.page.getByRole("button", { name: "Leave Organisation" }).click();
  await cyd.page.getByLabel("Organisation name").fill("Ada's Organisation");
  await cyd.page.getByLabel("Organisation name").press("Enter");
  await cyd.page.waitForURL((url) => !url.pathname.includes("departure"));
  assert.equal((await cyd.page.goto(project)).status(), 404);

  // Cyd could have kept a DSN: the page that offers to rotate them
  await ada.page.goto("/account");
  await ada.page.getByRole("link", { name: "Your Organisation" }).click();
  await look(ada, "dsn-rotation", "form[method=get][action$='/dsns/rotation']");

  // the only Administrator is refused, and told what to do
  await ada.page.goto("/account");
  await ada.page.getByRole("link", { name: "Your Organisation" }).click();
  await pick(ada.page, "Leave Organisation").click();
  await ada.page.getByText("only Administrator").first().waitFor();
  assert.equal((await ada.page.goto(project)).status(), 200);

  // a reset link works in another profile and ends this one's session
  await cyd.context.clearCookies();
  await cyd.page.goto("/sign-in");
  await signIn(cyd.page, "cyd@example.com");
  await cyd.page.getByRole("button", { name: "Sign out" }).waitFor();

  for (const who of [ada, bob, cyd]) assert.deepEqual(who.faults, []);
});

/** Looks at the page that this form asks for. */
async function look(who, name, form) {
  const path = await who.page.locator(form).first().getAttribute("action");
  await inspect(who, [[name, path]]);
}

/** A web page of another origin that publishes to micro stat. */
async function publishFromElsewhere(dsn) {
  const html = `<!doctype html><title>shop</title><script>
    fetch("${site.url}/api/ingest?dsn=${dsn}", { method: "POST", body: JSON.stringify([{ name: "Page Views", type: "Hit Counter" }]) })
      .then((answer) => answer.json()).then((answer) => { document.title = "accepted " + answer.accepted; });
  </script>`;
  const shop = createServer((_, answer) => answer.writeHead(200, { "content-type": "text/html" }).end(html));
  await new Promise((ready) => shop.listen(0, "127.0.0.1", ready));
  const visitor = await person(browser, `http://127.0.0.1:${shop.address().port}`);
  await visitor.page.goto("/");
  await visitor.page.waitForFunction(() => document.title === "accepted 1");
  await visitor.context.close();
  shop.close();
}
