"""The ledger of rewards in Postgres: whether it adds up, with the rewards, and with the budgets."""

from msgspec import Struct, convert

from db.postgres.pool import Pool, queries

_SQL = queries("reward_ledger")


class Sums(Struct, frozen=True, kw_only=True):
    """How many rewards. `again`: those in place of one whose redemption was taken back (`reversed`)."""

    granted: int
    again: int
    redeemed: int
    reversed: int
    expired: int
    open: int

    @property
    def add_up(self) -> bool:
        """Whether each that was granted is redeemed, has expired, or is open."""
        return self.granted == self.redeemed + self.expired + self.open and self.again == self.reversed


class Difference(Struct, frozen=True):
    """A reward, rule or partner of which ledger and record say different things."""

    what: str
    id: str
    why: str


class RewardLedger:
    """What became of all rewards."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def check(self, *, most: int = 100) -> tuple[Sums, list[Difference]]:
        """The sums, and what does not add up: `most` of it. As of one moment."""
        async with self._pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
            sums = await connection.fetchrow(_SQL["sums"])
            rows = await connection.fetch(_SQL["differences"], most)
        return convert(dict(sums), Sums), [Difference(*row) for row in rows]
