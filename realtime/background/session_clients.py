"""Notes with which app each session connects. Nobody waits for it: a connect does not take longer by it.

In memory until it is noted. What a process that dies has not noted, is noted at the next connect.
"""

from core.contract.sessions import SessionClient
from db.outage import AWAY
from db.periodic import PeriodicJob, PeriodicTask
from db.postgres.sessions import SessionStore

_AT_ONCE = 100
_MOST = 10_000  # wait to be noted; more of them only while PostgreSQL is away
_MOST_NOTED = 100_000


class SessionClients(PeriodicJob):
    """Notes each app of a session once, many at once."""

    def __init__(self, store: SessionStore, *, again_s: float = 5) -> None:
        self._store = store
        self._waiting: dict[str, SessionClient] = {}
        self._noted: dict[str, int] = {}
        self._loop = PeriodicTask(None, self._note, failing="apps of sessions are not noted", again_s=again_s)
        self.loops = (self._loop,)

    def add(self, session_id: str, client: SessionClient) -> None:
        """It has connected."""
        known = hash((client.name, client.version, client.platform))
        if len(self._noted) >= _MOST_NOTED:
            self._noted.clear()
        if self._noted.get(session_id) != known and len(self._waiting) < _MOST:
            self._noted[session_id] = known
            self._waiting[session_id] = client
            self._loop.wake()

    async def _note(self) -> bool:
        """Whether there are more."""
        some = {id_: self._waiting.pop(id_) for id_ in list(self._waiting)[:_AT_ONCE]}
        try:
            await self._store.note_clients(some)
        except AWAY:
            self._waiting = {**some, **self._waiting}
            raise
        return bool(self._waiting)
