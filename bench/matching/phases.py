"""Where the time between a join and its offer goes, by what clients saw and what is on record of each call.

All processes of the benchmark have one clock, so times of the record and of clients can be compared, to a
millisecond or two.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

import asyncpg
import numpy as np
from msgspec import Struct

from core.clock import to_ms

_NAMES = (
    "until the node takes it up",
    "on the node: who they are, and their place",
    "until the search has seen all it needs",
    "until two are claimed",
    "on record, in Redis, and to the client",
)
_SLOWEST = (1.0, 0.1, 0.01)


class Way(Struct, frozen=True):
    """Of the later of two who are offered to each other; s. `taken_up`: the time of their ticket."""

    due: float
    taken_up: float
    placed: float
    decided: float
    claimed: float
    heard: float

    @property
    def phases(self) -> Sequence[float]:
        """How long each took. The search may end before the client hears of the place."""
        placed = min(self.placed, self.decided)
        times = (self.due, self.taken_up, placed, self.decided, self.claimed, self.heard)
        return [until - since for since, until in pairwise(times)]


async def on_record(database_url: str, call_ids: Collection[str]) -> Mapping[str, tuple[int, int]]:
    """When each of these calls was decided, and when it was begun to be offered; ms."""
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch(
            "SELECT c.id::text, d.decided_at, c.offered_at FROM interaction.calls c"
            " JOIN interaction.match_decisions d ON d.call_id = c.id WHERE c.id = ANY ($1::text[]::uuid[])",
            list(call_ids),
        )
    finally:
        await connection.close()
    return {row["id"]: (to_ms(row["decided_at"]), to_ms(row["offered_at"])) for row in rows}


def table(ways: Collection[Way]) -> str:
    """The mean of each phase, in ms, of all and of the slowest."""
    slowest = sorted(ways, key=lambda way: way.due - way.heard)
    some = [slowest[: max(1, round(share * len(slowest)))] for share in _SLOWEST]
    means = [np.mean([way.phases for way in each], axis=0) for each in some]
    heads = [f"slowest {share:.0%}" if share < 1 else "all" for share in _SLOWEST]
    lines = [f"| mean of each part, ms | {' | '.join(heads)} |", f"|---|{'---|' * len(heads)}"]
    for nth, name in enumerate(_NAMES):
        lines.append(f"| {name} | {' | '.join(f'{1000 * mean[nth]:.1f}' for mean in means)} |")
    lines.append(f"| all of it | {' | '.join(f'{1000 * sum(mean):.1f}' for mean in means)} |")
    return "\n".join(lines)
