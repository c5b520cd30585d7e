"""Contacts: whom somebody has in their address book.

Numbers are kept as keyed hashes, as those by which people sign in, and names are not. Found is who has shown
that the number is theirs, lets themselves be found by it, and does not hide. Each number that is new is
counted, so that nobody finds out who is here by trying numbers.
"""

import asyncio
from collections.abc import Mapping, Sequence

from core.contract.contacts import Contact, ContactMatch, ContactMatches, SentContacts
from core.errors import RateLimited
from core.keys import SigningKey
from core.limits import LimitName, Rate
from core.tokens import Access
from db.postgres.contacts import ContactStore, Marked
from services.logins import subject_hashes
from services.phones import listed
from services.ports import Limiter

_AT_ONCE = 50  # reading a number takes 25 µs: others have their turn in between


class Contacts:
    """The use cases. Errors of an outage of Postgres or Redis pass through (`db.outage`)."""

    def __init__(
        self,
        store: ContactStore,
        keys: Sequence[SigningKey],
        limiter: Limiter,
        rates: Mapping[LimitName, Rate],
    ) -> None:
        self._store, self._keys, self._limiter, self._rates = store, keys, limiter, rates

    async def find(self, access: Access, body: SentContacts, network: str, now: int) -> ContactMatches:
        """Keep these contacts, and say who of them is here. Raises `RateLimited` for too many new ones."""
        sender = await self._store.sender(access.user_id, access.session_id)
        names = await _names(body.contacts, sender.country)
        marked = {Marked(subject_hashes(self._keys, "phone", number)): name for number, name in names.items()}
        await self._count(
            await self._store.new(access.user_id, list(marked)), access.user_id, sender.device, network, now
        )
        shown = {marks.mark: name for marks, name in marked.items()}
        found = await self._store.keep(access.user_id, list(marked), now)
        return ContactMatches(matches=[ContactMatch(user=card, name=shown[mark]) for mark, card in found])

    async def forget(self, user_id: str) -> None:
        """Forget all of this user's."""
        await self._store.forget(user_id)

    async def _count(self, number: int, user_id: str, device: str | None, network: str, now: int) -> None:
        by: Mapping[LimitName, str | None] = {
            "contacts": user_id,
            "device_contacts": device,
            "network_contacts": network,
        }
        for name, who in by.items():
            if not number or who is None:
                continue
            rate = self._rates[name]
            key = f"{name}:{who}"
            if wait_ms := await self._limiter.take(
                key, rate_per_s=rate.per_s, burst=rate.burst, cost=number, now=now
            ):
                raise RateLimited("These are many contacts: try again later.", retry_after_ms=wait_ms)


async def _names(contacts: Sequence[Contact], country: str | None) -> dict[str, str | None]:
    """The first name for each number."""
    names: dict[str, str | None] = {}
    for n, contact in enumerate(contacts):
        if n % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
        if number := listed(contact.phone, country):
            names.setdefault(number, contact.name)
    return names
