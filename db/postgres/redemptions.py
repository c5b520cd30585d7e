"""Redemptions of rewards in Postgres: each reward once, whoever tries at once, and taken back by another row.

`core/reward_rules.py` says why one is not redeemed; the statement that redeems asks the same. Ids are text,
times ms since the epoch. What an outage raises (`db.outage`) passes through.
"""

from functools import reduce

from msgspec import Struct

from core.clock import rfc3339, to_datetime, to_ms
from core.contract.redemptions import Redeemed, RedemptionView
from core.contract.rewards import RewardView
from core.errors import AlreadyRedeemed, Conflict, Expired, Forbidden, NotFound
from core.ids import new_id
from core.notices import reward_given_back, reward_redeemed
from core.reward_rules import RewardFacts, WhyNot, why_not
from db.postgres.composed import after, given
from db.postgres.idempotency import CLAIM_WITH, IdempotencyKey, answered, claim, claimed_by
from db.postgres.notifications import ALWAYS, GOES_OUT, NotificationStore, columns
from db.postgres.pool import Connection, Pool, Record, queries
from db.postgres.rewards import reward_view

REVERSIBLE_MS = 600_000
_SQL = queries("redemptions")
_TOLD = _SQL["told"].replace(":goes_out", given(GOES_OUT, "r.user_id"))


def _redeeming(said: str, claimed: str = "", unless: str = "") -> str:
    parts = {":claimed": claimed, ":unless": unless, ":said": said}
    return reduce(lambda text, part: text.replace(*part), parts.items(), _SQL["redeem"])


# Alone, as the bench lets others do it; with who is told; and once for all copies of the request.
REDEEM = _redeeming(_SQL["alone"])
_REDEEM = _redeeming(_TOLD)
_REDEEM_ONCE = _redeeming(
    _SQL["told_once"].replace(":told", _TOLD),
    _SQL["claimed"].replace(":claim", after(7, CLAIM_WITH)),
    " " + _SQL["unless"],
)
_SENTENCES: dict[WhyNot, str] = {
    "reversed": "This redemption was taken back: there is another reward in its place.",
    "not_redeemable": "A badge is for keeps: there is nothing to redeem.",
    "other_partner": "This reward is redeemed at the places of another partner.",
}


class Looked(Struct, frozen=True, kw_only=True):
    """A reward that was scanned at a place, whose it is, and why it cannot be redeemed there."""

    reward: RewardView
    display_name: str
    reason: WhyNot | None


class RedemptionStore:
    """Redemptions."""

    def __init__(self, pool: Pool, notifications: NotificationStore) -> None:
        self._pool, self._notifications = pool, notifications

    async def look(self, reward_id: str, location_id: str, staff_id: str, now: int) -> Looked:
        """What redeeming it there would do. Raises `NotFound`, for places where they do not work too."""
        async with self._pool.acquire() as connection:
            partner_id = await _partner(connection, location_id, staff_id)
            row = await _scanned(connection, reward_id, now)
        reason = why_not(_facts(row), partner_id, staff_id, now)
        return Looked(reward=reward_view(row), display_name=row["display_name"], reason=reason)

    async def redeem(
        self,
        reward_id: str,
        location_id: str,
        staff_id: str,
        *,
        fresh: bool,
        key: IdempotencyKey | None,
        now: int,
    ) -> tuple[Redeemed, str | None]:
        """Redeem it, if the code that was scanned is `fresh`. Gives also whom to tell; None: it was done
        before. Raises `NotFound` as `look`, `AlreadyRedeemed`, `Expired`, `Conflict`, `Forbidden` for what is
        theirs, `IdempotencyConflict`.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            if not fresh:
                if (known := await claim(connection, key, Redeemed)) is not None:
                    return known, None
                why = await _why(connection, reward_id, location_id, staff_id, now)
                if isinstance(why, AlreadyRedeemed):  # it says more: who asks again learns that it was done
                    raise why
                raise Expired("This code is over: scan the one that is shown now.")
            entry = new_id(now)
            view = _redemption(entry, reward_id, location_id, now)
            # The statement knows whose it is, and what is shown of both.
            notice = reward_redeemed("", reward_id, "{title}", "{place}")
            told = columns(notice, now), notice.kind in ALWAYS
            asked = reward_id, location_id, staff_id, to_datetime(now), entry, *told
            if key is None:
                row = await connection.fetchrow(_REDEEM, *asked)
            else:
                row = await connection.fetchrow(_REDEEM_ONCE, *asked, *claimed_by(key), view)
                if not row["first"] and (known := answered(row, key, Redeemed)) is not None:
                    return known, None
            if row is None or row["user_id"] is None:
                raise await _why(connection, reward_id, location_id, staff_id, now)
            user_id: str = row["user_id"]
            await self._notifications.stored(connection, user_id, row["told"], goes_out=row["goes_out"])
            return view, user_id

    async def reverse(
        self, redemption_id: str, staff_id: str, reason: str, now: int
    ) -> tuple[Redeemed, str | None]:
        """Take it back: there is another reward in its place. Gives also whom to tell; None: it was done
        before. Raises `NotFound` for what is not of a partner of theirs, `Expired` after ten minutes.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_SQL["redemption"], redemption_id, staff_id)
            if row is None:
                raise NotFound
            of = row["id"], row["reward_id"], row["location_id"], to_ms(row["at"])
            if row["reversed_at"] is not None:
                return _redemption(*of, to_ms(row["reversed_at"])), None
            if now >= to_ms(row["at"]) + REVERSIBLE_MS:
                raise Expired("A redemption can be taken back within ten minutes.")
            again = new_id(now)
            made = new_id(now), again, new_id(now)
            await connection.execute(
                _SQL["reverse"], redemption_id, to_datetime(now), staff_id, reason, *made
            )
            await self._notifications.notify(
                connection, reward_given_back(row["user_id"], again, row["title"]), now
            )
            return _redemption(*of, now), row["user_id"]


async def _partner(connection: Connection, location_id: str, staff_id: str) -> str:
    """For whom they work there."""
    found: str | None = await connection.fetchval(_SQL["place"], location_id, staff_id)
    if found is None:
        raise NotFound("There is no such place of a partner for whom you work.")
    return found


async def _scanned(connection: Connection, reward_id: str, now: int) -> Record:
    row = await connection.fetchrow(_SQL["scanned"], reward_id, to_datetime(now))
    if row is None:
        raise NotFound("There is no such reward.")
    return row


async def _why(
    connection: Connection, reward_id: str, location_id: str, staff_id: str, now: int
) -> Exception:
    """What kept it from being redeemed just now."""
    partner_id = await _partner(connection, location_id, staff_id)
    facts = _facts(await _scanned(connection, reward_id, now))
    reason = why_not(facts, partner_id, staff_id, now)
    if reason == "already_redeemed":
        assert facts.redeemed_at is not None
        return AlreadyRedeemed(details={"redeemed_at": rfc3339(facts.redeemed_at)})
    if reason == "expired":
        return Expired("This reward has expired.")
    if reason == "own_reward":
        return Forbidden("Somebody else who works there redeems what is yours.")
    return Conflict(_SENTENCES[reason] if reason else None, details={"reason": reason} if reason else None)


def _facts(row: Record) -> RewardFacts:
    times = ("expires_at", "redeemed_at", "reversed_at")
    return RewardFacts(
        user_id=row["user_id"],
        type=row["type"],
        partner_id=row["partner_id"],
        **{name: None if row[name] is None else to_ms(row[name]) for name in times},
    )


def _redemption(
    redemption_id: str, reward_id: str, location_id: str, at: int, reversed_at: int | None = None
) -> Redeemed:
    return Redeemed(
        redemption=RedemptionView(
            id=redemption_id,
            reward_id=reward_id,
            location_id=location_id,
            at=rfc3339(at),
            reversible_until=rfc3339(at + REVERSIBLE_MS),
            reversed_at=None if reversed_at is None else rfc3339(reversed_at),
        )
    )
