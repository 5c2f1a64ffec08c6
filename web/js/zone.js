// @ts-check
/**
 * Tells the server the browser's time zone, by a cookie, so that charts and calendars are the reader's own. A page that
 * should have been drawn by it and wasn't, since nobody had told yet, is fetched once more. Pages for strangers name no
 * zone (`data-zone`), and leave no cookie.
 */
const own = new Intl.DateTimeFormat().resolvedOptions().timeZone;
const page = document.documentElement;

if (own && page.dataset.zone && told() !== own) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `zone=${encodeURIComponent(own)}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  // where cookies are refused, once more would be for ever
  const isWanted = page.hasAttribute("data-zone-asks") && page.dataset.zone !== own;
  if (isWanted && told() === own && document.querySelector("svg.picture, time")) location.reload();
}

function told() {
  const pair = document.cookie.split("; ").find((cookie) => cookie.startsWith("zone="));
  return decodeURIComponent(pair?.slice("zone=".length) ?? "");
}
