"""A place in the queue: who waits, and whom they want to meet. Pure data that policy and stores share."""

from msgspec import Struct

from core.clock import rfc3339
from core.contract.people import ProfileCard
from core.contract.queue import TicketView
from core.vocabulary import Country, Gender, Intent, Language, Mode


class Ticket(Struct, frozen=True, kw_only=True):
    """Times are Unix milliseconds. `joined_at` stays when a ticket is given back: that is the old place."""

    id: str
    user_id: str
    region: str
    mode: Mode
    joined_at: int
    device: str
    card: ProfileCard
    genders: tuple[Gender, ...]
    age_min: int
    age_max: int
    languages: tuple[Language, ...] = ()
    intents: tuple[Intent, ...] = ()
    countries: tuple[Country, ...] = ()

    def view(self) -> TicketView:
        """As its owner sees it."""
        return TicketView(id=self.id, mode=self.mode, state="waiting", joined_at=rfc3339(self.joined_at))


class Claim(Struct, frozen=True, kw_only=True):
    """Two tickets taken out of the queue together, to become the call `call_id`."""

    call_id: str
    first: Ticket
    second: Ticket
    claimed_at: int
