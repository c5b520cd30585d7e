"""People of the tests, and what stands around the queue: clock, profiles, eligibility, offers, events."""

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import count
from typing import Any

from msgspec.structs import replace

from core.contract.profiles import ProfileCard, Seeking
from core.stored import StoredCard
from core.ticket import Claim, Ticket
from db.postgres.applicants import Applicant, Asked
from matching.rematch import Since
from realtime.matchmaking.ports import TicketStore
from realtime.matchmaking.queue import Queue

T0 = 1_800_000_000_000


def ids() -> Iterator[str]:
    """Ids in UUIDv7's form that sort by the order they are made in."""
    return (f"01900000-0000-7000-8000-{n:012x}" for n in count(1))


_ids = ids()


def new_id() -> str:
    return next(_ids)


def card(**facts: Any) -> ProfileCard:
    usual: dict[str, Any] = {
        "user_id": new_id(),
        "display_name": "Someone",
        "age": 30,
        "gender": "female",
        "intent": "friends",
        "languages": ["en"],
    }
    return ProfileCard(**{**usual, **facts})


def stored(who: ProfileCard) -> StoredCard:
    """As tickets and calls have it."""
    assert who.age is not None
    return StoredCard.of(who, age=who.age, country=who.country)


def ticket(*, joined_at: int = T0, **facts: Any) -> Ticket:
    """A ticket of someone new; facts of the card and of the ticket alike."""
    on_card = {name: facts.pop(name) for name in tuple(facts) if name in StoredCard.__struct_fields__}
    languages_wished = facts.pop("wished_languages", ())
    who = card(**on_card)
    usual: dict[str, Any] = {
        "id": new_id(),
        "user_id": who.user_id,
        "region": "main",
        "mode": "video",
        "device": f"device of {who.user_id}",
        "genders": ("female", "male", "other"),
        "age_min": 18,
        "age_max": 120,
        "languages": languages_wished,
    }
    return Ticket(joined_at=joined_at, card=stored(who), **{**usual, **facts})


class ManualClock:
    """Time that passes when told to."""

    def __init__(self, now: int = T0) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def pass_ms(self, ms: int) -> int:
        self.now += ms
        return self.now

    def ahead(self, ms: int) -> Callable[[], int]:
        """The same time on another node, whose clock is ahead by so much."""
        return lambda: self.now + ms


class People:
    """Accounts and eligibility, as the stores of Postgres tell them."""

    def __init__(self) -> None:
        self.accounts: dict[str, Applicant] = {}
        self.apart: set[frozenset[str]] = set()
        self.on_terms: set[frozenset[str]] = set()  # of those, who have merely met
        self.calls: dict[str, str] = {}  # user -> call
        self.looked_at: list[str] = []  # whose presence has changed
        self.asked = 0  # how often it was asked whom somebody has to avoid

    def add(self, *, seeking: Seeking | None = None, banned: bool = False, **facts: Any) -> str:
        who = card(**facts)
        seeks = seeking or Seeking()
        self.accounts[who.user_id] = Applicant(card=stored(who), seeking=seeks, banned=banned)
        return who.user_id

    def keep_apart(self, one: str, other: str) -> None:
        self.apart.add(frozenset((one, other)))

    def met(self, one: str, other: str) -> None:
        self.keep_apart(one, other)
        self.on_terms.add(frozenset((one, other)))

    async def applicants(self, asked: Sequence[Asked]) -> list[Applicant | None]:
        return [self._applicant(user_id) for user_id, _, _ in asked]

    def _applicant(self, user_id: str) -> Applicant | None:
        who = self.accounts.get(user_id)
        return who and replace(who, call_id=self.calls.get(user_id), avoid=self._avoid(user_id))

    async def avoid(self, user_id: str, since: Since) -> frozenset[str]:
        self.asked += 1
        return self._avoid(user_id)

    def _avoid(self, user_id: str) -> frozenset[str]:
        return frozenset(other for pair in self.apart if user_id in pair for other in pair - {user_id})

    async def on_good_terms(self, one: str, other: str, since: Since) -> bool:
        return frozenset((one, other)) in self.on_terms

    async def unfit(self, user_ids: Collection[str]) -> frozenset[str]:
        banned = {user_id for user_id, who in self.accounts.items() if who.banned}
        return frozenset(user_ids) & (self.calls.keys() | banned)

    async def not_by_places(self, user_ids: Collection[str]) -> frozenset[str]:
        return frozenset(user_id for user_id in user_ids if not self.accounts[user_id].haunts)

    async def active_call(self, user_id: str) -> str | None:
        return self.calls.get(user_id)

    async def look_at(self, user_id: str) -> None:
        self.looked_at.append(user_id)


class PeopleOffers:
    """Makes calls of claims behind the fence of one active call a user, as `Offers` of the ports asks."""

    def __init__(self, people: People) -> None:
        self._people = people
        self.queue: Queue | None = None
        self.tickets: TicketStore | None = None
        self.made: dict[str, Claim] = {}
        self.fails: list[Exception] = []

    async def make(self, claim: Claim) -> bool:
        assert self.queue is not None
        assert self.tickets is not None
        if self.fails:
            raise self.fails.pop()
        calls, two = self._people.calls, (claim.first, claim.second)
        busy = {t.user_id for t in two if calls.get(t.user_id, claim.call_id) != claim.call_id}
        if busy:
            await self.queue.refuse(claim, [t for t in two if t.user_id not in busy])
            return False
        calls.update({t.user_id: claim.call_id for t in two})
        self.made[claim.call_id] = claim
        await self.tickets.settle(claim)
        return True

    def pairs(self) -> set[frozenset[str]]:
        return {frozenset((c.first.user_id, c.second.user_id)) for c in self.made.values()}


async def give_back(store: TicketStore, ticket: Ticket, call_id: str, lease_until: int) -> Ticket | None:
    """The place again, open to others, as after a call that came to nothing."""
    own = await store.reserve(ticket, call_id, lease_until)
    if own is not None:
        await store.enter(own)
    return own


async def put(store: TicketStore, *tickets: Ticket, lease_ms: int = 10_000) -> None:
    """Have these wait, each on a lease from when they joined."""
    for one in tickets:
        assert await store.join(one, one.joined_at + lease_ms) == one


def again(of: Ticket, **changes: Any) -> Ticket:
    """A newer ticket of the same user."""
    return replace(of, id=new_id(), **changes)
