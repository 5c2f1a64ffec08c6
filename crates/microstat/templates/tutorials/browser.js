const MICROSTAT = "https://stats.example.com/api/v1/ingest?dsn=00000000-0000-4000-8000-000000000000";

function publish(name, type, value) {
  // keepalive: it is sent even while the page is being left. Nothing to wait for, and never an error for the page.
  fetch(MICROSTAT, { method: "POST", keepalive: true, body: JSON.stringify({ name, type, value }) }).catch(() => {});
}
// Publish:
publish("Page View", "Hit Counter");
publish("Basket Items", "Counter", 3);
publish("Page Load", "Timer", performance.now());
publish("Language", "Word Web", navigator.language);
