"""Rewards in Postgres: granted in the transaction in which they are earned, and the wallet of each.

What may be granted is decided by `core/reward_rules.py`; no budget is exceeded, since whoever grants locks
the rule and its partner first. Ids are text, times ms since the epoch. What an outage raises (`db.outage`)
passes through.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import convert

from core.clock import rfc3339, to_datetime, to_ms
from core.contract.rewards import RewardPartner, RewardView
from core.errors import NotFound
from core.happenings import Happening
from core.ids import new_id
from core.notices import reward_earned
from core.reward_rules import KINDS, Due, Rule, RuleKind, due
from core.vocabulary import RewardState
from db.postgres.notifications import Notify
from db.postgres.own_rows import own_queries, own_rows
from db.postgres.pool import Connection, Pool, Record, queries

_SQL, _OWN = queries("rewards"), own_queries("rewards")
RULES = _SQL["rules"]


def waiting(kind: RuleKind) -> str:
    """A condition for a statement: whether any rule of this kind grants something still."""
    return _SQL["waiting"].replace(":kind", f"'{kind}'")


class Grant(Protocol):
    """How others let people earn rewards."""

    async def __call__(
        self,
        connection: Connection,
        user_id: str,
        happened: Sequence[Happening],
        now: int,
        owed: Sequence[Due] | None = None,
    ) -> list[RewardView]:
        """Within the caller's transaction, as the last that locks. What the user has earned by it, if
        anything; told to them within a second of the commit. `owed`: by `RULES`, where those were read.
        """


class GrantEach(Protocol):
    """The same for several users, where something happens to all of them."""

    async def __call__(
        self, connection: Connection, happened: Mapping[str, Sequence[Happening]], now: int
    ) -> Mapping[str, list[RewardView]]:
        """What each has earned, if anything."""


async def grant_nothing(
    connection: Connection,  # noqa: ARG001 - the protocol's
    happened: Mapping[str, Sequence[Happening]],  # noqa: ARG001
    now: int,  # noqa: ARG001
) -> Mapping[str, list[RewardView]]:
    """Where there are no rewards. As `GrantEach` promises."""
    return {}


class RewardStore:
    """Rewards of all users."""

    def __init__(self, pool: Pool, notify: Notify) -> None:
        self._pool, self._notify = pool, notify

    async def grant(
        self,
        connection: Connection,
        user_id: str,
        happened: Sequence[Happening],
        now: int,
        owed: Sequence[Due] | None = None,
    ) -> list[RewardView]:
        """As `Grant` promises. One statement where nothing is owed for it, and none where that is known."""
        if owed is None:
            owed = await _owed(connection, user_id, happened)
        made = await self._granted(connection, {user_id: owed}, now)
        return made[user_id]

    async def grant_each(
        self, connection: Connection, happened: Mapping[str, Sequence[Happening]], now: int
    ) -> dict[str, list[RewardView]]:
        """As `GrantEach` promises. Rules are locked before anybody is told: all lock in this order."""
        owed = {user: await _owed(connection, user, each) for user, each in sorted(happened.items())}
        return await self._granted(connection, owed, now)

    async def _granted(
        self, connection: Connection, owed: Mapping[str, Sequence[Due]], now: int
    ) -> dict[str, list[RewardView]]:
        rules = {each.rule_id for debts in owed.values() for each in debts}
        if rules:
            await connection.fetch(_SQL["lock_rules"], sorted(rules))
        made = {user: await _grant(connection, user, debts, now) for user, debts in owed.items()}
        for user, rewards in made.items():
            for reward in rewards:
                await self._notify(connection, reward_earned(user, reward), now)
        return made

    async def page(
        self, user_id: str, *, state: RewardState | None, before: str | None, limit: int, now: int
    ) -> list[RewardView]:
        """The user's own, newest first: in this state, those before this one."""
        async with own_rows(self._pool, user_id) as own:
            rows = await own.fetch(_OWN["page"], to_datetime(now), state, before, limit)
        return [reward_view(row) for row in rows]

    async def of(self, reward_id: str, user_id: str, now: int) -> RewardView:
        """One of the user's own. Raises `NotFound`."""
        async with own_rows(self._pool, user_id) as own:
            row = await own.fetchrow(_OWN["of_user"], to_datetime(now), reward_id)
        if row is None:
            raise NotFound
        return reward_view(row)

    async def expire(self, now: int, *, limit: int) -> int:
        """Note of rewards that they have expired. Gives how many those were."""
        return len(await self._pool.fetch(_SQL["expire"], to_datetime(now), limit))


async def _owed(connection: Connection, user_id: str, happened: Sequence[Happening]) -> list[Due]:
    kinds = sorted({KINDS[type(each)] for each in happened})
    rows = await connection.fetch(RULES, kinds, user_id)
    return due((convert(dict(row), Rule) for row in rows), happened)


async def _grant(connection: Connection, user_id: str, owed: Sequence[Due], now: int) -> list[RewardView]:
    """Those that they had not been granted, as far as budgets go."""
    made = []
    for each in owed:
        given = new_id(now), each.rule_id, user_id, each.occasion, to_datetime(now), new_id(now)
        if (row := await connection.fetchrow(_SQL["grant"], *given)) is not None:
            made.append(reward_view(row))
    return made


def reward_view(row: Record) -> RewardView:
    """What is shown of the reward in a row with the columns of `view`."""
    partner = row["partner_id"]
    return RewardView(
        id=row["id"],
        type=row["type"],
        title=row["title"],
        description=row["description"],
        state=row["state"],
        earned_at=rfc3339(to_ms(row["earned_at"])),
        partner=partner and RewardPartner(id=partner, name=row["partner_name"]),
        expires_at=_time(row, "expires_at"),
        redeemed_at=_time(row, "redeemed_at"),
    )


def _time(row: Record, name: str) -> str | None:
    return None if row[name] is None else rfc3339(to_ms(row[name]))
