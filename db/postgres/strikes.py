"""Strikes in Postgres: what was decided against somebody, and the ban that a strike may have.

A strike against somebody and its ban come and go together. Ids are text, times ms since the epoch. What an
outage raises (`db.outage`) passes through.
"""

from msgspec import Struct

from core.clock import to_datetime
from core.ids import new_id
from core.vocabulary import StrikeAction
from db.postgres.bans import NewBan, ban_within, lift_within
from db.postgres.granted_appeals import grant_within
from db.postgres.pool import Connection, queries

_SQL = queries("strikes")


class NewStrike(Struct, frozen=True, kw_only=True):
    """A decision against somebody; they read the `reason`. `by` None: the system or the operator.

    A suspension has `until`, a warning has not; a ban without is for good.
    """

    user_id: str
    action: StrikeAction
    reason: str
    by: str | None = None
    case_id: str | None = None
    until: int | None = None


class Struck(Struct, frozen=True):
    """The ids of what was written; a warning has no ban."""

    strike_id: str
    ban_id: str | None


async def strike_within(connection: Connection, strike: NewStrike, now: int) -> Struck:
    """Strike somebody within a transaction, and ban them if that is the strike.

    The ban has its entry on the audit log, the decision writes its own.
    """
    strike_id, until = new_id(now), strike.until
    await connection.execute(
        _SQL["strike"],
        strike_id,
        strike.user_id,
        strike.by,
        strike.case_id,
        strike.action,
        strike.reason,
        to_datetime(now),
        until if until is None else to_datetime(until),
    )
    if strike.action == "warn":
        return Struck(strike_id, None)
    ban = NewBan(user_id=strike.user_id, reason=strike.reason, by=strike.by, until=until, strike_id=strike_id)
    ban_id = await ban_within(connection, ban, now)
    await connection.execute(_SQL["banned"], strike_id, ban_id)
    return Struck(strike_id, ban_id)


async def lift_strike_within(connection: Connection, strike_id: str, by: str | None, now: int) -> bool:
    """Lift this strike and its ban within a transaction that has locked their user. An appeal is granted.

    False: it is lifted already, or there is none.
    """
    row = await connection.fetchrow(_SQL["lift"], strike_id, to_datetime(now))
    if row is None:
        return False
    await grant_within(connection, [strike_id], by, now)
    if row["ban_id"] is not None:
        await lift_within(connection, row["ban_id"], by, now)
    return True
