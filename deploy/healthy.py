"""The health check of a container: exit code 0 when the process in it answers.

It asks `/healthz`; with the word `metrics` it asks METRICS_PORT, for a worker, which has no other port.
"""

import os
import sys
import urllib.request

metrics = sys.argv[1:] == ["metrics"]
port = os.environ["METRICS_PORT"] if metrics else os.environ["PORT"]
address = f"http://127.0.0.1:{port}/{'metrics' if metrics else 'healthz'}"
try:
    with urllib.request.urlopen(address, timeout=4) as answer:
        sys.exit(answer.status != 200)
except OSError as error:
    sys.exit(f"{address}: {error}")
