"""The product's services under measurement: as they are, with an ear at the offers and an eye on searches."""

import asyncio
import time
from typing import Any

from composition.foundation import Foundation
from composition.live_stores import LiveStores
from composition.services import Services
from core.contract.calls import CallOffered
from core.contract.queue import QueueJoin
from core.ticket import Ticket
from realtime.gateway.caller import Caller
from realtime.presence.ports import Sockets


class Product(Services):
    """`offered`: when an offer was announced to this user; `gone`: users offered since the crowd last looked.

    `at_once` are those whose own search on joining found somebody; `searched` is set when that is over.
    """

    def __init__(self, stores: LiveStores, base: Foundation, sockets: Sockets) -> None:
        self.offered: dict[str, float] = {}
        self.gone: list[str] = []
        self.at_once: set[str] = set()
        self.searched: dict[str, asyncio.Event] = {}
        self.tickets = stores.tickets
        self._hear(stores)
        super().__init__(stores, base, sockets)
        self._watch()

    def _hear(self, stores: LiveStores) -> None:
        pass_on = stores.events.pass_on

        async def heard(user_id: str, name: str, data: bytes, **how: Any) -> None:
            await pass_on(user_id, name, data, **how)
            if name == CallOffered.event:
                self.offered.setdefault(user_id, time.perf_counter())
                self.gone.append(user_id)

        stores.events.pass_on = heard  # type: ignore[assignment,method-assign]  # a look from outside

    def _watch(self) -> None:
        seek = self.matchmaker.seek

        async def watched(ticket: Ticket, **how: Any) -> Any:
            try:
                claim = await seek(ticket, **how)
                if claim is not None:
                    self.at_once.add(ticket.user_id)
                return claim
            finally:
                if over := self.searched.pop(ticket.user_id, None):
                    over.set()

        self.matchmaker.seek = watched  # type: ignore[method-assign]  # a look from outside

    async def join(self, ticket: Ticket) -> None:
        """This person's `queue:join`."""
        caller = Caller(user_id=ticket.user_id, session_id="", device=ticket.device, sid="")
        await self.queue.join(caller, QueueJoin(mode="video"))
