"""`python -m rest` is the REST side alone: it loads nothing that matches, calls or holds sockets."""

import subprocess
import sys

LIVE = {
    "composition.live_stores",
    "composition.services",
    "db.redis.calls",
    "db.redis.tickets",
    "db.redis.presence",
}
ROOMS = {"realtime", "socketio", "engineio", "aiortc"}


def test_it_loads_nothing_of_the_realtime_side() -> None:
    """No matchmaking, no call service, no presence, no transport: what is not loaded is not built."""
    say = "import sys, composition.rest; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", say], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    loaded = told.stdout.split()
    assert "composition.endpoints" in loaded
    assert not [name for name in loaded if name in LIVE or name.partition(".")[0] in ROOMS]
