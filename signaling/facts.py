"""What a call's timeline comes to: the facts by which a verdict is found. Pure; made of notes alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from signaling.timeline import Note

CANDIDATES = ("host", "srflx", "prflx", "relay")


class Side(Struct, kw_only=True):
    """One of the two. What concerns epochs is of the last one."""

    user_id: str
    accepted: bool = False
    silent: bool = False
    lost: bool = False
    left: bool = False
    connected: bool = False
    by: bool = False
    signalled: bool = False
    candidates: dict[str, int] = {}
    problems: set[str] = set()
    loss: float = 0.0
    rtt_ms: float = 0.0
    away_ms: int = 0


class Facts(Struct, kw_only=True):
    """A call that is over, or `reason` is None. `state` is the one in which it ended."""

    sides: Sequence[Side]
    reason: str | None = None
    state: str = ""
    epoch: int = 0
    policy: str | None = None
    server_lost: bool = False
    restarted: bool = False
    was_live: bool = False
    away_ms: int = 0

    @classmethod
    def of(cls, notes: Sequence[Note], users: Sequence[str]) -> "Facts":
        """Of these notes, in order, of a call of these users."""
        last = max((note.data.get("epoch", 0) for note in notes if note.kind == "started"), default=0)
        facts = cls(sides=[Side(user_id=user_id) for user_id in users], epoch=last)
        sides = {side.user_id: side for side in facts.sides}
        samples = _Samples()
        lost_at: dict[str, int] = {}
        for note in notes:
            side, data = sides.get(note.user_id or ""), note.data
            if side is None:
                _of_the_call(facts, note, sides)
            elif note.kind == "lost":
                lost_at[side.user_id], side.left = note.at, bool(data.get("left"))
            elif note.kind == "back":
                side.away_ms = max(side.away_ms, note.at - lost_at.pop(side.user_id, note.at))
                side.left = False
            elif note.kind == "quality":
                samples.add(side.user_id, data)
            else:
                _of_a_side(facts, side, note)
                if note.kind == "ended":
                    _of_the_call(facts, note, sides)
        for side in facts.sides:
            side.loss, side.rtt_ms = samples.mean(side.user_id, "loss"), samples.mean(side.user_id, "rtt_ms")
        return facts


class _Samples:
    """Means of what clients say of the way, each note as often as it stands for samples."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str], tuple[float, int]] = {}

    def add(self, user_id: str, data: Mapping[str, Any]) -> None:
        for name in ("loss", "rtt_ms"):
            value, count = data.get(name), data.get("samples", 1)
            if isinstance(value, (int, float)):
                total, times = self._sums.get((user_id, name), (0.0, 0))
                self._sums[user_id, name] = total + value * count, times + count

    def mean(self, user_id: str, name: str) -> float:
        total, times = self._sums.get((user_id, name), (0.0, 0))
        return total / times if times else 0.0


def _of_a_side(facts: Facts, side: Side, note: Note) -> None:
    match note.kind:
        case "accepted" | "taken_over":
            side.accepted = True
        case "silent":
            side.silent = True
        case "connected":
            side.problems = set()  # overcome
        case "problem" if note.data.get("epoch", 0) in {0, facts.epoch}:
            side.problems = {*side.problems, str(note.data.get("what"))}
        case "candidates" if note.data.get("epoch") == facts.epoch:
            side.signalled = True
            found = {kind: side.candidates.get(kind, 0) + note.data.get(kind, 0) for kind in CANDIDATES}
            side.candidates = found
        case "restarted":
            facts.restarted = True
        case "ended":
            side.by = True


def _of_the_call(facts: Facts, note: Note, sides: Mapping[str, Side]) -> None:
    data = note.data
    match note.kind:
        case "server_lost":
            facts.server_lost = True
        case "started":
            facts.policy = data.get("policy")
        case "live":
            facts.was_live = True
            facts.away_ms = max(facts.away_ms, data.get("away_ms", 0))
        case "ended":
            facts.reason, facts.state = data.get("reason"), data.get("state", "")
            for side in sides.values():
                side.accepted = side.accepted or side.user_id in data.get("accepted", ())
                side.connected = side.user_id in data.get("connected", ())
                side.lost = side.user_id in data.get("lost", ())
