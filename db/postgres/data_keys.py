"""Keys for data in Postgres: which ones are in use, those that are kept sealed, and who has which.

Never a key itself. What an outage raises (`db.outage`) passes through.
"""

from collections.abc import Collection, Sequence

from msgspec import Struct

from core.seals import Sealed
from db.postgres.pool import Pool, queries

_SQL = queries("data_keys")


class BegunKey(Struct, frozen=True):
    """A data key by which something may be encrypted; `proof` tells whether somebody has it."""

    id: str
    proof: bytes


class KeptKey(Struct, frozen=True):
    """A key for a purpose, sealed with a data key. The first one of a purpose writes."""

    purpose: str
    kid: str
    sealed: Sealed


class Holder(Struct, frozen=True, kw_only=True):
    """What a process has: the names of its secrets and keys, and by which it seals and hashes."""

    node: str
    secret: str
    known: Sequence[str]
    writes: str | None
    hashes: str | None


class KeyStore:
    """Keys for data."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def begun(self) -> list[BegunKey]:
        """Those in use, the latest first."""
        return [BegunKey(row["id"], row["proof"]) for row in await self._pool.fetch(_SQL["begun"])]

    async def kept(self) -> list[KeptKey]:
        """Those that are kept here, of each purpose the one that writes first."""
        return [
            KeptKey(row["purpose"], row["kid"], Sealed(row["key_id"], row["box"]))
            for row in await self._pool.fetch(_SQL["kept"])
        ]

    async def begin(self, key: BegunKey) -> bool:
        """This one seals from now on. False: its id was that of another key."""
        return await self._pool.fetchval(_SQL["begin"], key.id, key.proof) is not None

    async def retire(self, key_id: str) -> None:
        """Nothing is sealed with it any more."""
        await self._pool.execute(_SQL["retire"], key_id)

    async def keep(self, key: KeptKey, *, writes: bool) -> None:
        """Keep it, if it is not here yet."""
        given = (key.purpose, key.kid, key.sealed.box, key.sealed.key_id)
        await self._pool.execute(_SQL["keep"], *given, writes)

    async def reseal(self, key: KeptKey) -> None:
        """The same one, sealed anew."""
        await self._pool.execute(_SQL["reseal"], key.purpose, key.kid, key.sealed.box, key.sealed.key_id)

    async def pending(self) -> str | None:
        """The name of a key of hashes that was added, and does not write yet. None: there is none."""
        kid: str | None = await self._pool.fetchval(_SQL["pending"])
        return kid

    async def write_with(self, kid: str, purposes: Collection[str]) -> None:
        """This one writes from now on."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_SQL["silence"], list(purposes))
            await connection.execute(_SQL["write_with"], list(purposes), kid)

    async def hold(self, holder: Holder) -> None:
        """A process says what it has."""
        await self._pool.execute(
            _SQL["hold"], holder.node, holder.secret, holder.known, holder.writes, holder.hashes
        )

    async def leave(self, node: str) -> None:
        """It ends."""
        await self._pool.execute(_SQL["leave"], node)

    async def holders(self, seen_within_s: float) -> list[Holder]:
        """Those that have said so lately."""
        return [Holder(**row) for row in await self._pool.fetch(_SQL["holders"], seen_within_s)]

    async def nodes_before(self) -> int:
        """Connections of a version that knows nothing of these keys."""
        return int(await self._pool.fetchval(_SQL["nodes_before"]))
