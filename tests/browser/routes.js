// Which pages there are: found by following links, and held against the router's own list of routes.

/** Pages of one route that are all looked at, not just the first that is found. */
const EACH = ["/help/{page}"];

/** Routes of the program that answer GET and that no link leads to when everything is there: why that is right. */
const ELSEWHERE = {
  "/": "leads on",
  "/sign-in": "signed out",
  "/sign-up": "signed out",
  "/forgot-password": "signed out",
  "/welcome": "for somebody who is in no organisation: story.test.js",
  "/password-resets/{token}": "mailed",
  "/email-verifications/{token}": "mailed",
  "/invitations/{token}": "mailed: story.test.js",
  "/invitations/{token}/sign-in": "mailed: story.test.js",
  "/invitations/{token}/sign-up": "mailed: story.test.js",
  "/account/name": "a form's address, leads back to it",
  "/account/password": "a form's address, leads back to it",
  "/projects/{project}/first-data-point": "what a script asks for",
  "/projects/{project}/metrics/names": "what a script asks for",
  "/projects/{project}/deleted-metrics": "once a metric was deleted",
  "/projects/{project}/imports/{import}": "once a file was uploaded",
  "/projects/{project}/imports/{import}/parts": "what a script asks for",
  "/projects/{project}/imports/{import}/rejected.csv": "a download, once a file was read",
  "/shared/{token}": "public, once somebody has shared",
  "/embed/{token}": "public, once somebody has shared",
  "/badge/{token}": "a picture, once somebody has shared",
  "/live": "a stream for scripts",
  "/projects/{project}/live": "a stream for scripts",
  "/organisations/{organisation}/codes/{code}/ending": "once somebody has joined by a code: story.test.js",
  "/organisations/{organisation}/dsns/rotation": "once somebody has left: story.test.js",
};

/** The path of each kind of page that links lead to from these, by its route; and what each page says. */
export async function follow(request, routes, starts) {
  const patterns = routes.filter((route) => route.startsWith("GET ")).map((route) => route.slice(4)).map((route) => ({ route, is: pattern(route) }));
  // what stands there as it is comes before what may be anything, as in the router
  patterns.sort((a, b) => a.route.split("{").length - b.route.split("{").length);
  const routeOf = (path) => patterns.find(({ is }) => is.test(path.split("?")[0]))?.route;
  const found = new Map();
  const waiting = starts.map((path) => ({ path, isForm: false }));
  const texts = new Map();
  while (waiting.length > 0) {
    const { path: link, isForm } = waiting.shift();
    const route = routeOf(link);
    if (!route || route.startsWith("/api/")) continue;
    const paths = found.get(route) ?? [];
    if (paths.includes(link) || (paths.length > 0 && !EACH.includes(route))) continue;
    found.set(route, [...paths, link]);
    const answer = await request.get(link);
    // a form without its fields may be refused
    if (answer.status() !== 200 && !isForm) throw new Error(`${link} answers ${answer.status()}`);
    if (answer.status() !== 200 || !answer.headers()["content-type"].startsWith("text/html")) {
      found.set(route, []);
      continue;
    }
    const text = await answer.text();
    texts.set(link, text);
    waiting.push(...leadsTo(text));
  }
  return { found, texts };
}

/** Links to sections of help pages that aren't there, each with where it stands. */
export function lostSections(texts) {
  const links = [...texts].flatMap(([path, text]) => [...text.matchAll(/href="(\/help\/[^"#]+)#([^"]+)"/g)].map(([, page, id]) => ({ path, page, id })));
  return links.filter(({ page, id }) => !texts.get(page)?.includes(` id="${id}"`)).map(({ path, page, id }) => `${path} leads to ${page}#${id}`);
}

/** Where a page's links and its buttons that only ask lead. */
function leadsTo(html) {
  const links = html.matchAll(/<a [^>]*?href="(\/[^"#]*)/g);
  const forms = html.matchAll(/<form (?![^>]*method="post")[^>]*?action="(\/[^"#]*)/g);
  const all = [...[...links].map(([, path]) => ({ path, isForm: false })), ...[...forms].map(([, path]) => ({ path, isForm: true }))];
  return all.map(({ path, isForm }) => ({ path: path.replaceAll("&amp;", "&").replaceAll("&#38;", "&"), isForm }));
}

/** The routes that nothing leads to, and that ELSEWHERE doesn't explain. */
export function forgotten(routes, found) {
  const pages = routes.filter((route) => route.startsWith("GET ") && !route.startsWith("GET /api/")).map((route) => route.slice(4));
  return pages.filter((route) => !found.has(route) && !(route in ELSEWHERE));
}

/** A short name for a page, as its pictures are called: "projects-metrics-deletion". */
export function nameOf(path) {
  const words = path.split("?")[0].split("/").filter((part) => part && !/^[0-9a-hjkmnp-tv-z]{10}$/.test(part));
  return words.join("-") || "start";
}

function pattern(route) {
  const parts = route.split("/").map((part) => (part.startsWith("{") ? "[^/]+" : part.replace(/[.+]/g, "\\$&")));
  return new RegExp(`^${parts.join("/")}$`);
}
