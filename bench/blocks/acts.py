"""What parts two, and when each of its effects was seen: she is on one node, he is on the other.

They are connected, in a call that is live, and she watches him. `block`: either of them, over REST. `ban` and
`suspension`: a moderator, over REST. `deletion`: the transaction and the announcement that an erased account
is, made from here, as no endpoint makes it yet.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from msgspec import Struct

from bench.blocks.nodes import PATIENCE_S, BenchNode, Marks
from bench.commands.people import Person, befriend, go_live, meet
from bench.commands.rows import CANDIDATE
from core.clock import now_ms, rfc3339
from db.postgres.expulsions import expel_within
from db.postgres.pool import Pool
from services.expulsions import EXPULSIONS

KINDS = ("block", "ban", "suspension", "deletion")
_PAUSE_S = 0.1
_DAY_MS = 86_400_000


class Witness(Person):
    """One who notes when each event came first, and when the connection was closed."""

    def __init__(self, port: int, account: dict[str, str]) -> None:
        self.seen_at: dict[str, float] = {}
        super().__init__(port, account)
        self.gone.add_done_callback(lambda _: self.seen_at.setdefault("closed", time.time()))

    def _hear(self, payload: bytes) -> None:
        if payload[:4] == b'42["':
            name = bytes(payload[4 : payload.index(b'"', 4)]).decode()
            if name != "presence:changed" or b'"offline"' in payload:
                self.seen_at.setdefault(name, time.time())
        if payload[:2] == b"41":  # sent away: an official client closes, then
            self.transport.close()
        else:
            super()._hear(payload)

    async def sees(self, *names: str) -> None:
        """All of these. Raises `TimeoutError`, with what was missing."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not self.seen_at.keys() >= set(names):  # noqa: ASYNC110 - it waits for a set of events
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise TimeoutError(f"missing {set(names) - self.seen_at.keys()} of {names}") from None


class UnavailableError(Exception):
    """A node was too busy to take it."""


class Parted(Struct, frozen=True):
    """One act: seconds until each of its effects, and the steps that the nodes told of."""

    kind: str
    until: dict[str, float]
    steps: tuple[tuple[float, str], ...]

    @property
    def last(self) -> float:
        return max(self.until.values())


class Act(Struct, frozen=True):
    """Who does what to whom."""

    kind: str
    she: Witness
    he: Witness
    call_id: str
    do: Callable[[], Awaitable[None]]

    async def measured(self, marks: Marks) -> Parted | None:
        """Done, and seen at both. None: it was refused, as the node had no time for it."""
        for person in (self.she, self.he):
            person.seen_at.clear()
        asked = time.time()
        try:
            await self.do()
        except UnavailableError:
            return None
        answered = time.time()
        hers = ["call:ended", "presence:changed"]
        his = ["call:ended", "session:revoked", "closed"]
        if self.kind == "block":
            hers, his = [*hers, "connection:ended"], ["call:ended", "connection:ended"]
        try:
            await self.she.sees(*hers)
            await self.he.sees(*his)
        except TimeoutError as error:
            error.add_note(f"{self.kind} of {self.he.id} by or for {self.she.id}, asked for at {asked}")
            raise
        await self._nothing_more()
        await asyncio.sleep(_PAUSE_S)  # the nodes' marks are on their way
        until = {f"she: {name}": self.she.seen_at[name] - asked for name in hers}
        until |= {f"he: {name}": self.he.seen_at[name] - asked for name in his}
        steps = [(at, step) for key in (self.she.id, self.he.id, self.call_id) for at, step in marks.of[key]]
        steps += [(answered, "answered"), *((asked + after, name) for name, after in until.items())]
        return Parted(
            self.kind, until, tuple(sorted((at - asked, step) for at, step in steps if at >= asked))
        )

    async def _nothing_more(self) -> None:
        """What they try is refused."""
        signal = {"call_id": self.call_id, "epoch": 1, "candidate": {"candidate": CANDIDATE, "sdpMid": "0"}}
        for person in (self.she, self.he):
            if not person.gone.done():
                assert not (await person.answer("call:signal", **signal))["ok"]
        assert not self.she.has_heard("call:signal")


class Stage:
    """Brings two to where they can be parted, and knows how."""

    def __init__(
        self,
        web: aiohttp.ClientSession,
        pool: Pool,
        announce: Callable[[str], Awaitable[Any]],
        moderator: str,
    ) -> None:
        self._web, self._pool, self._announce, self._moderator = web, pool, announce, moderator

    async def act(self, kind: str, she: Witness, he: Witness, node: BenchNode, *, by_him: bool) -> Act:
        """Of two who are connected and talk; asked for at this node, blocks `by_him` or her."""
        await befriend(she, he)
        meeting = await meet(she, he)
        await go_live(meeting)
        await she.ask("presence:watch", user_ids=[he.id])
        if kind == "block":
            blocker, blocked = (he, she) if by_him else (she, he)
            path, token, order = "/v1/blocks", blocker.account["token"], {"user_id": blocked.id}
            return Act(kind, she, he, meeting.call_id, lambda: self._post(node, path, token, order))
        if kind == "deletion":
            return Act(kind, she, he, meeting.call_id, lambda: self._erase(he.id))
        order = {"user_id": he.id, "reason": "spam"}
        if kind == "suspension":
            order["until"] = rfc3339(now_ms() + _DAY_MS)
        path, token = "/v1/admin/bans", self._moderator
        return Act(kind, she, he, meeting.call_id, lambda: self._post(node, path, token, order))

    async def _post(self, node: BenchNode, path: str, token: str, order: dict[str, str]) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        async with self._web.post(f"{node.address}{path}", json=order, headers=headers) as response:
            if response.status == 503:
                raise UnavailableError
            assert response.status == 201, await response.text()

    async def _erase(self, user_id: str) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "UPDATE identity.users SET email = NULL, username = NULL, password_hash = NULL,"
                " deleted_at = now() WHERE id = $1",
                user_id,
            )
            await expel_within(connection, user_id, "erased", now_ms())
        await self._announce(EXPULSIONS)
