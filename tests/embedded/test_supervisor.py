"""How one server is kept up, whatever becomes of a cancellation."""

import asyncio
import signal
from pathlib import Path

from db.embedded.process import Program
from db.embedded.supervisor import Run, Supervisor
from db.embedded.watchdog_client import WatchdogClient
from tests.patience import PATIENCE_S

ENDS_THE_FIRST_TIME = "[ -e begun ] && exec sleep 600; touch begun; exit 3"


class Sleeper:
    """It is started again; a cancellation that comes while it is asked then is lost."""

    name = "Sleeper"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._times = 0
        self.asked_again = asyncio.Event()

    @property
    def program(self) -> Program:
        script = ("/bin/sh", "-c", ENDS_THE_FIRST_TIME)
        return Program(self.name, script, self._folder, self._folder / "journal", signal.SIGTERM)

    async def prepare(self, run: Run) -> None:
        """It has no data."""

    async def answers(self) -> bool:
        self._times += 1
        if self._times == 2:
            self.asked_again.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                return True  # as `asyncio.wait_for` before Python 3.12, if the answer comes at that moment
        return True


async def test_a_stop_ends_though_a_cancellation_was_lost(tmp_path: Path) -> None:
    """It stood still for ever, once in many hundred stops."""
    sleeper, lines = Sleeper(tmp_path), list[str]()
    watchdog = WatchdogClient(tmp_path / "runtime", lines.append)
    supervisor = Supervisor(sleeper, watchdog, lines.append)
    async with asyncio.timeout(PATIENCE_S):
        await supervisor.start()
        await sleeper.asked_again.wait()
    stopping = asyncio.create_task(supervisor.stop())
    assert (await asyncio.wait([stopping], timeout=PATIENCE_S))[0], "it goes on"
    assert await stopping
    await watchdog.close()
    assert lines == ["Sleeper ended unasked (exit code 3): starting it again."]
