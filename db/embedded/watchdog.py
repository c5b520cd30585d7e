"""The watchdog: a process that outlives a killed server for a moment, to stop what the server started.

It reads JSON lines from a pipe whose other end only the server holds: `["watch", pid, signal]` and
`["forget", pid]`. End of file means that the server is gone, however it ended. The watchdog then stops what
it still watches and removes the runtime folder named by its argument. It runs as a script in isolated mode,
with the standard library alone, so it is small and starts quickly.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import sys
import time
from collections.abc import Iterable

PATIENCE_S = 20.0


class Watched:
    """One process, held by a pidfd where the system has them, so that a reused pid is never signalled."""

    def __init__(self, pid: int, stop_signal: int) -> None:
        self.pid = pid
        self.stop_signal = stop_signal
        try:
            self.handle: int | None = os.pidfd_open(pid)
        except (AttributeError, OSError):
            self.handle = None

    def send(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self.handle is None:
                os.kill(self.pid, number)
            else:
                signal.pidfd_send_signal(self.handle, number)

    def close(self) -> None:
        if self.handle is not None:
            os.close(self.handle)

    def gone(self) -> bool:
        """Whether it has ended. With a pidfd that is seen even if nobody has reaped it yet."""
        if self.handle is not None:
            return bool(select.select([self.handle], [], [], 0)[0])
        try:
            os.kill(self.pid, 0)
        except OSError:
            return True
        return False


def follow(lines: Iterable[str]) -> list[Watched]:
    """Read orders until the server is gone. Gives the processes that have to be stopped then."""
    watched: dict[int, Watched] = {}
    for line in lines:
        order, pid, *rest = json.loads(line)
        if order == "watch":
            watched[pid] = Watched(pid, *rest)
        elif forgotten := watched.pop(pid, None):
            forgotten.close()
    return list(watched.values())


def stop(left: list[Watched]) -> None:
    """Ask all to stop, wait, and kill those that have not stopped."""
    for process in left:
        process.send(process.stop_signal)
    deadline = time.monotonic() + PATIENCE_S
    while left := [process for process in left if not process.gone()]:
        if time.monotonic() > deadline:
            for process in left:
                process.send(signal.SIGKILL)
            return
        time.sleep(0.02)


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it ends with its pipe, never before its work
    stop(follow(sys.stdin))
    shutil.rmtree(sys.argv[1], ignore_errors=True)


if __name__ == "__main__":
    main()
