"""Scripts held to one slot, as Redis 7 holds those that begin with a line which says how they are written.

Of others a cluster refuses keys of several slots only if they are named to it, or if another server has them:
a script that makes up their names would do until the slot is moved.
"""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hiredis import pack_command

from db.redis.multiplexed import connection
from db.redis.multiplexed.connection import Connection
from db.redis.multiplexed.errors import read_error
from db.redis.multiplexed.node import Node
from db.redis.multiplexed.request import Request
from db.redis.multiplexed.script import _ANNOUNCES, _TO_SHARD, _script
from db.redis.multiplexed.topology import Topology

_LINE = "#!lua\n"
_REFUSAL = "do not hash to the same slot"
_DB = Path(connection.__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Held:
    """The texts of all scripts that were run with that line, and what was refused for it."""

    ran: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)

    def files(self) -> set[str]:
        """Those that were run, alone or as a part of a script."""
        return {name for name, text in scripts().items() if any(text in _plain(ran) for ran in self.ran)}


def scripts() -> dict[str, str]:
    """All that there are, by their paths."""
    return {str(file.relative_to(_DB)): file.read_text() for file in _DB.rglob("*.lua")}


def _plain(text: str) -> str:
    return text.replace(_TO_SHARD, _ANNOUNCES)


@contextmanager
def held_to_one_slot() -> Iterator[Held]:
    """What this process runs on a cluster of Redis 7, for as long as the block lasts."""
    held, send = Held(), Connection.send

    def send_held(self: Connection, request: Request) -> None:
        if _is_cluster_of_7(self):
            _hold(request, held.ran)
        send(self, request)

    def read_refusal(said: str) -> Exception:
        if _REFUSAL in said:
            held.refused.add(said)
        return read_error(said)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Connection, "send", send_held)
        patch.setattr(connection, "read_error", read_refusal)
        yield held


def _is_cluster_of_7(connection: Connection) -> bool:
    router = connection._owner._router if isinstance(connection._owner, Node) else None
    return isinstance(router, Topology) and not router.is_one and router.version >= (7,)


def _hold(request: Request, ran: set[str]) -> None:
    """Put the line before its script, and before those of a transaction."""
    script = request.script
    if script is not None and not script.text.startswith(_LINE):
        request.script = _script(script.name, _LINE + script.text, script.repeatable)
        _say(request, "EVALSHA", request.script.sha)
        ran.add(script.text)
    for ahead in request.ahead:
        name, text = (*map(str, ahead.words[:2]), "")[:2]
        if name == "EVAL" and not text.startswith(_LINE):
            _say(ahead, name, _LINE + text)
            ran.add(text)


def _say(request: Request, *words: str) -> None:
    request.words = (*words, *request.words[len(words) :])
    request.packed = pack_command(request.words)  # type: ignore[arg-type]  # of one word, it says


class EveryScript:
    """A plugin: the run fails if a script has used keys of two slots, or if one was not run at all."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self._held, self._folder = stack.enter_context(held_to_one_slot()), folder
        self._faults: list[str] = []

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Each process notes what it has seen; the one that began them looks at all of it."""
        seen = [sorted(self._held.files()), sorted(self._held.refused)]
        (self._folder / f"scripts-{os.getpid()}").write_text(json.dumps(seen))
        if hasattr(session.config, "workerinput"):
            return
        notes = [json.loads(note.read_text()) for note in self._folder.glob("scripts-*")]
        self._faults = sorted({said for _, refused in notes for said in refused})
        if not any(map(session.config.getoption, ("file_or_dir", "keyword", "lf"))):  # all were to be run
            missing = scripts().keys() - {name for files, _ in notes for name in files}
            self._faults += [f"{name} is run by no test on a cluster" for name in sorted(missing)]
        if self._faults:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say why."""
        if self._faults:
            terminalreporter.section("Scripts and slots")
        for fault in self._faults:
            terminalreporter.line(fault)
