"""What is said of somebody and by whom, and the suspension that may follow.

The rules are use cases' (`services/credibility.py`, `services/suspension.py`). That of suspension is given to
the stores, which ask it in the transaction that files a report, so that a report and what follows from it are
there together or not at all.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from core.clock import to_datetime, to_ms
from core.ticket import Tier
from db.postgres import audit
from db.postgres.pool import Connection, Pool, Record, queries
from db.postgres.strikes import NewStrike, strike_within

_SQL = queries("accusations")

# Of how many of their latest calls it is read whom somebody has met.
LATEST_CALLS = 30
# A device or network that more accounts were seen with tells of none that they are one person.
CROWD = 20


class Meeting(Struct, frozen=True):
    """Somebody was met, on this day (counted from 1970, UTC)."""

    user_id: str
    day: int


class Accuser(Struct, frozen=True, kw_only=True):
    """A report, and who says so: whether they have `met_them` in a call that was answered, in which `company`
    matching has brought them (None: nobody has looked), and how many of their reports moderators found right,
    or dismissed. `found_right`: this one was. `waiting`: how many others they call underage, about whom
    nobody has decided; `beside`: how many are suspended until somebody does, since somebody seen with the
    same device or network calls them so."""

    user_id: str
    reason: str
    at: int
    tier: Tier = "neutral"
    met_them: bool = False
    company: frozenset[Meeting] | None = None
    found_right: bool = False
    upheld: int = 0
    dismissed: int = 0
    dismissed_underage: int = 0
    waiting: int = 0
    beside: int = 0


class Accusation(Struct, frozen=True, kw_only=True):
    """All that is said of the `accused`, who is in this tier. `marks`: of these users, the devices and
    networks with which few others were seen. `cleared`: a moderator has looked at the accused for `underage`
    before, and dismissed it."""

    accused: str
    accusers: Sequence[Accuser]
    tier: Tier = "neutral"
    marks: Mapping[str, frozenset[bytes]] = {}
    cleared: bool = False


# The reason to suspend somebody at this time in ms; None: a moderator's eyes come first.
Rule = Callable[[Accusation, int], str | None]


class Suspending(Struct, frozen=True):
    """The rule, and for how long reports count in it, in ms."""

    rule: Rule
    window_ms: int


async def accusers(source: Pool | Connection, reports: Collection[str]) -> list[Accuser]:
    """Who has filed these reports, without their company."""
    rows = await source.fetch(_SQL["accusers"], list(reports))
    return [Accuser(at=to_ms(row["created_at"]), **{name: row[name] for name in _SAME}) for row in rows]


async def with_company(source: Pool | Connection, said: Accusation) -> Accusation:
    """The same, after a look at whom the accusers have met, and at devices and networks of all of them."""
    asked = sorted({accuser.user_id for accuser in said.accusers})
    company: dict[str, set[Meeting]] = defaultdict(set)
    for row in await source.fetch(_SQL["company"], asked, LATEST_CALLS):
        company[row["user_id"]].add(Meeting(row["other_id"], row["day"]))
    met = {meeting.user_id for meetings in company.values() for meeting in meetings}
    return replace(
        said,
        accusers=[replace(each, company=frozenset(company[each.user_id])) for each in said.accusers],
        marks=await _marks(source, {said.accused, *asked, *met}),
    )


async def _marks(source: Pool | Connection, users: Collection[str]) -> dict[str, frozenset[bytes]]:
    rows = await source.fetch(_SQL["marks"], list(users), CROWD)
    return {row["user_id"]: frozenset(row["marks"]) for row in rows}


async def suspend_within(connection: Connection, user_id: str, by: Suspending, now: int) -> bool:
    """Suspend the user until their case is decided, if the rule says so, within a transaction that has
    locked them. Staff is not, nor is anybody twice."""
    case = await connection.fetchrow(_SQL["case"], user_id, to_datetime(now - by.window_ms))
    if case is None:
        return False
    said = Accusation(
        accused=user_id,
        tier=case["tier"],
        accusers=await accusers(connection, case["reports"]),
        cleared=case["cleared"],
    )
    if by.rule(said, now) is None:  # not even if all of them were known to others: mostly it ends here
        return False
    reason = by.rule(await with_company(connection, said), now)
    if reason is None:
        return False
    await _suspend(connection, user_id, case, reason, now)
    return True


async def _suspend(connection: Connection, user_id: str, case: Record, reason: str, now: int) -> None:
    strike = NewStrike(user_id=user_id, action="suspend", reason=reason, case_id=case["id"])
    struck = await strike_within(connection, strike, now)
    details = {"case": case["id"], "strike": struck.strike_id, "ban": struck.ban_id, "reason": reason}
    await audit.note(connection, "suspended_until_decided", user_id, details, by=None, now=now)


_SAME = (
    "user_id",
    "reason",
    "tier",
    "met_them",
    "found_right",
    "upheld",
    "dismissed",
    "dismissed_underage",
    "waiting",
    "beside",
)
