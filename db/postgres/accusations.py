"""What is said of somebody in the case that waits for a decision, and the suspension that may follow.

The rule is a use case's (`services/suspension.py`); it is given to the stores, which ask it in the
transaction that files a report, so that a report and what follows from it are there together or not at all.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct

from core.clock import to_datetime, to_ms
from core.ids import new_id
from core.ticket import Tier
from db.postgres import audit
from db.postgres.pool import Connection, queries
from db.postgres.strikes import NewStrike, strike_within

_SQL = queries("accusations")

# How many different people somebody has met is counted up to here.
COUNTED = 10


class Accuser(Struct, frozen=True, kw_only=True):
    """A report, and who says so: whether they have `met_them` in a call that was answered, how many others
    (`met`, up to `COUNTED`), and how many of their reports moderators found right, or dismissed.
    `waiting`: how many others they call underage, about whom nobody has decided."""

    user_id: str
    reason: str
    at: int
    tier: Tier = "neutral"
    met_them: bool = False
    met: int = 0
    upheld: int = 0
    dismissed: int = 0
    dismissed_underage: int = 0
    waiting: int = 0


class Accusation(Struct, frozen=True, kw_only=True):
    """All of the case. `cleared`: a moderator has looked at them for `underage` before, and dismissed it."""

    accusers: Sequence[Accuser]
    cleared: bool = False


# The reason to suspend somebody at this time in ms; None: a moderator's eyes come first.
Rule = Callable[[Accusation, int], str | None]


class Suspending(Struct, frozen=True):
    """The rule, and for how long reports count in it, in ms."""

    rule: Rule
    window_ms: int


async def suspend_within(connection: Connection, user_id: str, by: Suspending, now: int) -> bool:
    """Suspend the user until their case is decided, if the rule says so, within a transaction that has
    locked them. Staff is not, nor is anybody twice."""
    since = to_datetime(now - by.window_ms)
    rows = await connection.fetch(_SQL["accusation"], user_id, since, COUNTED)
    if not rows:
        return False
    accusers = [
        Accuser(
            user_id=row["reporter_id"],
            at=to_ms(row["created_at"]),
            **{name: row[name] for name in _SAME},
        )
        for row in rows
    ]
    reason = by.rule(Accusation(accusers=accusers, cleared=rows[0]["cleared"]), now)
    if reason is None:
        return False
    case_id = rows[0]["case_id"]
    strike = NewStrike(user_id=user_id, action="suspend", reason=reason, case_id=case_id)
    struck = await strike_within(connection, strike, now)
    entry = audit.Entry(
        id=new_id(now),
        at=now,
        actor=None,
        action="suspended_until_decided",
        subject=user_id,
        details={"case": case_id, "strike": struck.strike_id, "ban": struck.ban_id, "reason": reason},
    )
    await audit.write(connection, entry)
    return True


_SAME = ("reason", "tier", "met_them", "met", "upheld", "dismissed", "dismissed_underage", "waiting")
