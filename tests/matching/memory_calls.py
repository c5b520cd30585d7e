"""Calls in memory: twins of `Calls`, `CallRecords` and `EligibilityStore`, as far as a call needs them."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from core.errors import AlreadyInCall, Gone
from core.stored import StoredCard
from core.visibility import Ban, UserFacts, is_banned, is_blocked
from core.vocabulary import EndReason, LeftReason, Mode, Origin
from db.postgres.call_records import Admitted, Refusal
from db.postgres.direct_calls import Rung
from db.postgres.reports import NewReport
from db.redis.calls import GIVE_UP_MS, RETRY_MS, Due, Pending, StoredCall
from db.redis.told import Told
from matching.rematch import Since
from signaling.call import Call, Party, State
from signaling.effects import Effects
from signaling.inviting import Between, Elsewhere, Ongoing, Standing, reach
from tests.matching.people import card, stored

UNWANTED: frozenset[EndReason] = frozenset(
    {"declined", "skipped", "no_answer"}
)  # would not meet, or did not come


def someone(user_id: str) -> StoredCard:
    return stored(card(user_id=user_id))


class MemoryCalls:
    """Records, outboxes and when calls want attention; nothing expires."""

    def __init__(self) -> None:
        self.stored: dict[str, StoredCall] = {}
        self.outboxes: dict[str, list[Pending]] = {}
        self.attention: dict[str, int] = {}
        self.failing: dict[str, int] = {}  # since when, by key
        self.aside: list[Pending] = []
        self._effects = 0

    def known(self, call_id: str) -> StoredCall | None:
        return self.stored.get(call_id)

    async def load(self, call_id: str) -> StoredCall | None:
        return self.stored.get(call_id)

    def tells(self, call: Call) -> bool:
        return False  # events are elsewhere

    async def save(
        self,
        call: Call,
        effects: Effects,
        *,
        version: int,
        now: int,
        told: Sequence[Told] = (),
        notes: Sequence[bytes] = (),
    ) -> list[Pending] | None:
        stored = self.stored.get(call.id)
        if version != (stored.version if stored else 0):
            return None
        self.stored[call.id] = StoredCall(call, version + 1)
        outbox = self.outboxes.setdefault(call.id, [])
        for effect in effects:
            self._effects += 1
            outbox.append(Pending(f"{call.id}:{self._effects}", effect, b"%d" % self._effects))
        self._set_attention(call.id, now + RETRY_MS if outbox else None)
        return list(outbox)

    async def outbox(self, call_id: str) -> list[Pending]:
        return list(self.outboxes.get(call_id, ()))

    async def done(
        self, call_id: str, performed: Sequence[Pending], failed: Sequence[Pending] = (), *, now: int
    ) -> None:
        first = {pending.key: self.failing.setdefault(pending.key, now) for pending in failed}
        given_up = [pending for pending in failed if now - first[pending.key] >= GIVE_UP_MS]
        outbox = self.outboxes[call_id]
        self.aside += [pending for pending in given_up if pending in outbox]
        outbox[:] = [pending for pending in outbox if pending not in (*performed, *given_up)]
        waits = [now - first[pending.key] for pending in outbox if pending.key in first]
        if len(waits) == len(outbox):
            self._set_attention(call_id, now + max(RETRY_MS, min(waits)) if waits else None)

    async def tell(
        self, call: Call, told: Sequence[tuple[Pending, Told]], performed: Sequence[Pending], *, now: int
    ) -> Sequence[Exception | None]:
        raise NotImplementedError

    async def give_up(self, call_id: str) -> bool:
        return False  # all that is here can be read

    async def due(self, shards: Iterable[int], now: int, *, limit: int = 50) -> Due:
        due = [call_id for call_id, at in self.attention.items() if at <= now]  # of whatever shard
        self.attention.update(dict.fromkeys(due, now + RETRY_MS))
        return Due(due, min(self.attention.values(), default=None))

    async def forget(self, call_id: str) -> None:
        self.attention.pop(call_id, None)

    def _set_attention(self, call_id: str, retry: int | None) -> None:
        times = [at for at in (retry, self.stored[call_id].call.deadline) if at is not None]
        self.attention.pop(call_id, None)
        if times:
            self.attention[call_id] = min(times)


class NoTimelines:
    """Nothing is noted."""

    def add(self, call_id: str, notes: Sequence[bytes]) -> "asyncio.Future[Any]":
        raise NotImplementedError

    async def end(self, call_id: str) -> list[bytes]:
        raise NotImplementedError


class MemoryLines:
    """What `line.lua` keeps: of each user the call and its epoch, None if it is over."""

    def __init__(self) -> None:
        self.told: dict[str, tuple[str, int | None]] = {}

    async def open(
        self, user_id: str, call_id: str, epoch: int, *, device: str, from_device: str, now: int
    ) -> int:
        call, before = self.told.get(user_id, ("", 0))
        if call > call_id or (call == call_id and (before is None or before >= epoch)):
            return 0
        self.told[user_id] = call_id, epoch
        return 1

    async def close(self, user_id: str, call_id: str) -> int:
        call, epoch = self.told.get(user_id, ("", 0))
        if call > call_id or (call == call_id and epoch is None):
            return 0
        self.told[user_id] = call_id, None
        return 1


class MemoryRecord:
    """The fence, and what it goes by: bans, blocks, who is in a call, who has met whom and when."""

    def __init__(self) -> None:
        self.active: dict[str, str] = {}  # user -> call
        self.calls: dict[str, tuple[str, str]] = {}
        self.over: set[str] = set()
        self.what: dict[str, tuple[Origin, Mode, str]] = {}  # origin, mode and region
        self.offered_at: dict[str, int] = {}
        self.met: set[str] = set()
        self.known: dict[str, UserFacts] = {}  # of whom there is something to say
        self.connections: dict[str, tuple[str, str]] = {}
        self.ringing: dict[str, str] = {}  # call -> whom it rings

    async def offer(
        self,
        call_id: str,
        *,
        origin: Origin,
        mode: Mode,
        region: str,
        users: tuple[str, str],
        now: int,
        since: Since | None = None,
        **_recorded: Any,
    ) -> Refusal | Admitted:
        if call_id in self.calls:
            return Refusal({}, "over") if call_id in self.over else Admitted()
        one, other = (self._user(user) for user in users)
        at_fault = frozenset(
            user.id for user in (one, other) if user.id in self.active or is_banned(user, now)
        )
        if at_fault or is_blocked(one, other):
            told: dict[str, LeftReason] = {
                user: "matched" if user in self.active else "moderated" for user in at_fault
            }
            return Refusal(told, "in_call" if at_fault else "blocked")
        if since is not None and other.id in await self.avoid(one.id, since):
            return Refusal({}, "met")
        self.calls[call_id], self.offered_at[call_id] = users, now
        self.active.update(dict.fromkeys(users, call_id))
        self.what[call_id] = (origin, mode, region)
        return Admitted()

    async def on_record(self, call_id: str, now: int) -> Call | None:
        if call_id not in self.calls or call_id in self.over:
            return None
        origin, mode, region = self.what[call_id]
        one, other = self.calls[call_id] if origin == "direct" else sorted(self.calls[call_id])
        rang = origin == "direct" and call_id not in self.met
        return Call(
            id=call_id,
            origin=origin,
            mode=mode,
            region=region,
            parties=(Party(card=someone(one)), Party(card=someone(other))),
            offered_at=self.offered_at[call_id],
            deadline=None,
            state=State.OFFERED if rang else State.RECONNECTING,
        )

    async def started(self, call_id: str, now: int) -> Sequence[str]:
        self.met.add(call_id)
        return ()

    async def ring(
        self,
        call_id: str,
        *,
        inviter: str,
        mode: Mode,
        region: str,
        now: int,
        connection_id: str | None = None,
        mentor_session_id: str | None = None,
    ) -> Rung | Standing | Elsewhere:
        assert connection_id
        assert mentor_session_id is None, "nobody has a session here"
        one, other = self.connections[connection_id]
        callee = other if inviter == one else one
        own = self.active.get(inviter)
        found = reach(
            Between(
                inviter=inviter,
                callee=callee,
                room_id=None,
                ended=False,
                video_enabled=False,
                reachable=True,
                engaged=callee in self.active or callee in self.ringing.values(),
                own=self._ongoing(own, inviter) if own else None,
                incoming=tuple(self._ongoing(call, inviter) for call in self._rung(inviter)),
            ),
            mode,
        )
        if isinstance(found, Elsewhere) or (isinstance(found, Standing) and found.crossed):
            return found
        if isinstance(found, Standing):
            call_id = found.call.id
        else:
            self.calls[call_id], self.offered_at[call_id] = (inviter, callee), now
            self.what[call_id] = ("direct", mode, region)
            self.active[inviter], self.ringing[call_id] = call_id, callee
        return Rung(
            call_id=call_id,
            mode=mode,
            offered_at=self.offered_at[call_id],
            reach="rings" if isinstance(found, Standing) else found,
            room_id=None,
            parties=(someone(inviter), someone(callee)),
        )

    async def answered(self, call_id: str, user_id: str, now: int) -> bool:
        if self.active.get(user_id) == call_id:
            return False
        if self.ringing.get(call_id) != user_id:
            raise Gone
        if user_id in self.active:
            raise AlreadyInCall
        del self.ringing[call_id]
        self.met.add(call_id)
        self.active[user_id] = call_id
        return False

    async def between(self, user_id: str, other: str) -> list[str]:
        return [call_id for call_id in self.ringing if {*self.calls[call_id]} == {user_id, other}]

    def _rung(self, user_id: str) -> list[str]:
        return [call_id for call_id, callee in self.ringing.items() if callee == user_id]

    def _ongoing(self, call_id: str, user_id: str) -> Ongoing:
        one, other = self.calls[call_id]
        origin, mode, _ = self.what[call_id]
        direct = origin == "direct"
        return Ongoing(
            id=call_id,
            mode=mode,
            offered_at=self.offered_at[call_id],
            invited_by=one if direct else None,
            other=other if user_id == one else one,
            rings=other if direct else None,
            started=call_id in self.met,
        )

    async def live(self, call_id: str, now: int) -> None:
        return None

    async def ended(self, call_id: str, *, reason: EndReason, **_recorded: Any) -> None:
        if call_id in self.calls and call_id not in self.over:
            self.over.add(call_id)
            self.met |= {call_id} if reason in UNWANTED else set()
            self.ringing.pop(call_id, None)
            for user in self.calls[call_id]:
                if self.active.get(user) == call_id:
                    del self.active[user]

    async def closed(self, call_id: str, outcome: str, now: int) -> None:
        return None

    async def file(self, report: NewReport) -> None:
        one, other = self.calls[report.subject_id]
        await self.block(report.reporter, other if report.reporter == one else one)

    async def avoid(self, user_id: str, since: Since) -> frozenset[str]:
        met = [
            self.calls[call_id]
            for call_id in self.met
            if user_id in self.calls[call_id] and self.offered_at[call_id] >= since.met
        ]
        blocked = {user.id for user in self.known.values() if is_blocked(self._user(user_id), user)}
        return frozenset(user for pair in met for user in pair) - {user_id} | blocked

    async def active_call(self, user_id: str) -> str | None:
        return self.active.get(user_id)

    async def was_in(self, call_id: str, user_id: str) -> bool:
        return user_id in self.calls.get(call_id, ())

    # What happens elsewhere in the product

    async def block(self, blocker: str, blocked: str) -> None:
        one, other = self._user(blocker), self._user(blocked)
        self.known |= {blocker: replace(one, blocks=one.blocks | {blocked}), blocked: other}

    async def ban(self, user_id: str) -> None:
        self.known[user_id] = replace(self._user(user_id), bans=(Ban(),))

    def _user(self, user_id: str) -> UserFacts:
        return self.known.get(user_id, UserFacts(id=user_id))
