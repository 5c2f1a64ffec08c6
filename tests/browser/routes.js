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
  "/live": "a stream for scripts",
  "/projects/{project}/live": "a stream for scripts",
  "/organisations/{organisation}/codes/{code}/ending": "once somebody has joined by a code: story.test.js",
  "/organisations/{organisation}/dsns/rotation": "once somebody has left: story.test.js",
};

/** The path of each kind of page that links lead to from these, by its route; and what each page says. */
export async function follow(request, routes, starts) {
  const patterns = routes.filter((route) => route.startsWith("GET ")).map((route) => route.slice(4)).map((route) => ({ route, is: pattern(route) }));
  const routeOf = (path) => patterns.find(({ is }) => is.test(path.split("?")[0]))?.route;
  const found = new Map();
  const waiting = [...starts];
  const texts = new Map();
  while (waiting.length > 0) {
    const link = waiting.shift();
    const route = routeOf(link);
    if (!route || route.startsWith("/api/")) continue;
    const paths = found.get(route) ?? [];
    if (paths.includes(link) || (paths.length > 0 && !EACH.includes(route))) continue;
    found.set(route, [...paths, link]);
    const answer = await request.get(link);
    if (answer.status() !== 200) throw new Error(`${link} answers ${answer.status()}`);
    if (!answer.headers()["content-type"].startsWith("text/html")) {
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
  const forms = html.matchAll(/<form (?=[^>]*method="get")[^>]*?action="(\/[^"#]*)/g);
  return [...links, ...forms].map(([, path]) => path.replaceAll("&amp;", "&").replaceAll("&#38;", "&"));
}

/** The routes that nothing leads to, and that ELSEWHERE doesn't explain; and those it explains that aren't there. */
export function forgotten(routes, found) {
  const pages = routes.filter((route) => route.startsWith("GET ") && !route.startsWith("GET /api/")).map((route) => route.slice(4));
  const missed = pages.filter((route) => !found.has(route) && !(route in ELSEWHERE));
  return [...missed, ...Object.keys(ELSEWHERE).filter((route) => !pages.includes(route)).map((route) => `${route}, which is no route`)];
}

/** A short name for a page, as its pictures are called: "projects-metrics-deletion". */
export function nameOf(path) {
  const words = path.split("?")[0].split("/").filter((part) => part && !/^[0-9a-hjkmnp-tv-z]{10}$/.test(part));
  return words.join("-") || "start";
}

function pattern(route) {
  // what stands there as it is comes before what stands for anything: the router's order
  const parts = route.split("/").map((part) => (part.startsWith("{") ? "[^/]+" : part.replace(/[.+]/g, "\\$&")));
  return new RegExp(`^${parts.join("/")}$`);
}
