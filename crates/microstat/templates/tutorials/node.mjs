const DSN = "00000000-0000-4000-8000-000000000000";

async function publish(name, type, value) {
  try {
    const answer = await fetch("https://stats.example.com/api/v1/ingest", {
      method: "POST",
      headers: { Authorization: `Bearer ${DSN}` },
      body: JSON.stringify({ name, type, value }),
    });
    if (!answer.ok) console.warn("micro stat:", answer.status, await answer.text());
  } catch (error) {
    console.warn("micro stat:", error.message);
  }
}
// Publish:
await publish("Job Done", "Hit Counter");
await publish("Queue Length", "Counter", 3);
await publish("Job Took", "Timer", 812.5);
await publish("Node Version", "Word Web", process.version);
