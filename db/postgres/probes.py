"""Opens the accounts of the probe. What an outage raises (`db.outage`) passes through."""

from collections.abc import Mapping, Sequence
from datetime import date

from core.clock import to_datetime
from core.errors import Conflict
from core.terms import AT_SIGN_UP
from db.postgres.pool import Pool, queries

_REGISTER = queries("accounts")["register"]
_SQL = queries("probes")
_BORN = date(1990, 6, 15)


class ProbeStore:
    """The accounts of synthetic users. They have no address, and no password of their own."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def create(self, probes: Mapping[str, str], now: int) -> Sequence[str]:
        """Open those that are not there, ids by names. Gives their names.

        Raises `Conflict` if somebody else is called so.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            known = {row["name"]: row["probe"] for row in await connection.fetch(_SQL["known"], list(probes))}
            if taken := [name for name, probe in known.items() if not probe]:
                raise Conflict(f"Somebody else is called {' and '.join(taken)}: rename them first.")
            made = [name for name in probes if name not in known]
            for name in made:
                user_id, agreed = probes[name], (list(AT_SIGN_UP), list(AT_SIGN_UP.values()))
                about = (user_id, None, name, None, "Probe", _BORN, "other", to_datetime(now))
                await connection.execute(_REGISTER, *about, *agreed, False, None)
                await connection.execute(_SQL["flag"], user_id)
        return made
