"""Calls of the past, with what came of them: rows that are dated back, by the stores that keep all calls.

They have no media and no sockets, which nobody could make for a call of last week.
"""

from composition.foundation import Foundation
from composition.stores import Stores
from core.ids import new_id
from db.postgres.call_records import Refusal
from db.postgres.drafts import Draft
from db.postgres.rooms import Reading
from demo.plan.deeds import Call

_ACCEPT_MS, _CONNECT_MS, _DECIDE_MS = 3_000, 2_000, 9_000
_MINUTE_MS = 60_000


class Encounters:
    """Keeps them."""

    def __init__(self, base: Foundation) -> None:
        stores = Stores(base)
        self._calls, self._connections, self._rooms = stores.call_records, stores.connections, stores.rooms
        self._region = base.settings.region

    async def held(self, call: Call, who: str, other: str) -> None:
        """They were offered to each other, talked, and decided."""
        call_id, at = new_id(call.at), call.at
        offered = await self._calls.offer(
            call_id, origin="match", mode=call.mode, region=self._region, users=(who, other), now=at
        )
        if isinstance(offered, Refusal):  # they were in another call
            return
        await self._calls.started(call_id, at + _ACCEPT_MS)
        live = at + _ACCEPT_MS + _CONNECT_MS
        await self._calls.live(call_id, live)
        ended = live + call.talked_s * 1000
        decides = call.reason == "hung_up"
        await self._calls.ended(
            call_id,
            reason=call.reason,
            by=who,
            duration_s=call.talked_s,
            now=ended,
            decision_deadline=ended + 30_000 if decides else None,
        )
        if not decides:
            await self._calls.closed(call_id, "not_connected", ended)
            return
        decided = ended + _DECIDE_MS
        for user in (who, other):
            await self._calls.voted(call_id, user, call.connected, None, decided)
        if not call.connected:
            await self._calls.closed(call_id, "not_connected", decided)
            return
        made = await self._connections.connect(
            call_id,
            connection_id=new_id(decided),
            room_id=new_id(decided),
            users=(who, other),
            now=decided,
        )
        await self._talk(made.room_id, (other, who), call, decided)

    async def _talk(self, room_id: str, users: tuple[str, str], call: Call, since: int) -> None:
        """In turns, minutes apart; the one who was called begins."""
        at = since
        for nth, words in enumerate(call.said):
            at += (2 + nth) * _MINUTE_MS
            draft = Draft(
                id=new_id(at),
                room_id=room_id,
                sender_id=users[nth % 2],
                client_id=f"demo-{call.at}-{nth}",
                type="text",
                content=words,
                reply_to=None,
                created_at=at,
            )
            await self._rooms.say([draft])
        for user in users[:1] if call.unread else users:
            await self._rooms.read(Reading(room_id=room_id, user_id=user, seq=len(call.said), at=at))
