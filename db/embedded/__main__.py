"""`python -m db.embedded [FOLDER]`: run the servers alone, for tests and benchmarks.

Prints one JSON line, `{"database_url": …, "redis_url": …}`, when both answer. Runs until its standard input
ends, so that it never outlives the process that started it, or until SIGINT or SIGTERM. Without a folder the
data is temporary and is removed at the end.
"""

import asyncio
import json
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path

from db.embedded import EmbeddedError, EmbeddedServers


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _over(loop: asyncio.AbstractEventLoop) -> asyncio.Event:
    """Set when our standard input ends, or on SIGINT or SIGTERM."""
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)

    def follow() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        loop.call_soon_threadsafe(over.set)

    threading.Thread(target=follow, daemon=True).start()
    return over


async def run(data: Path) -> None:
    """Serve until told to stop."""
    over = _over(asyncio.get_running_loop())
    async with EmbeddedServers.open(data, postgres=True, redis=True, log=_say) as urls:
        print(json.dumps({"database_url": urls.database_url, "redis_url": urls.redis_url}), flush=True)
        await over.wait()


def main() -> int:
    """The command. 1 when the servers cannot be started."""
    try:
        if len(sys.argv) > 1:
            asyncio.run(run(Path(sys.argv[1])))
        else:
            with tempfile.TemporaryDirectory(prefix="rc-data-") as temporary:
                asyncio.run(run(Path(temporary)))
    except EmbeddedError as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
