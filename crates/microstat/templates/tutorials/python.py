import json
import platform
import urllib.request

DSN = "00000000-0000-4000-8000-000000000000"


def publish(name, type, value=1):
    body = json.dumps({"name": name, "type": type, "value": value}).encode()
    request = urllib.request.Request(
        "https://stats.example.com/api/v1/ingest", body, {"Authorization": f"Bearer {DSN}"}
    )
    try:
        urllib.request.urlopen(request, timeout=5).close()
    except OSError as error:
        print("micro stat:", error)

# Publish:
publish("Job Done", "Hit Counter")
publish("Queue Length", "Counter", 3)
publish("Job Took", "Timer", 812.5)
publish("Python Version", "Word Web", platform.python_version())
