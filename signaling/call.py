"""What a call is: its two parties, its state, and the rules that an operator chose. Pure data."""

from enum import StrEnum
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from core.errors import NotFound
from core.settings import Settings
from core.stored import StoredCard, StoredDocument
from core.ticket import Claim, Ticket
from core.turn_servers import have_relays, turn_regions
from core.vocabulary import CallRole, Decider, DecisionPolicy, IcePolicy, IceTransportPolicy, VideoStart
from signaling.decision import decider


class State(StrEnum):
    """`ended` is no state of its own: a call that ends is open to decide, or closed."""

    OFFERED = "offered"
    CONNECTING = "connecting"
    LIVE = "live"
    RECONNECTING = "reconnecting"
    DECIDING = "deciding"
    CLOSED = "closed"


ACTIVE = frozenset({State.OFFERED, State.CONNECTING, State.LIVE, State.RECONNECTING})
# Who calls a connection, or the server itself, calls somebody they know.
_NO_STRANGERS = frozenset({"direct", "echo"})
STARTED = frozenset({State.CONNECTING, State.LIVE, State.RECONNECTING})


class Party(Struct, frozen=True, kw_only=True):
    """One side. `device` is the one that has accepted; `lost` while that is not connected.

    `asked`: the only device that was told of the offer; None: all were. `agreed`: how often they have agreed
    to leave the relays.
    """

    card: StoredCard
    asked: str | None = None
    ticket: Ticket | None = None
    device: str | None = None
    lost: bool = False
    connected_epoch: int = -1
    agreed: int = 0
    vote: bool | None = None

    @property
    def user_id(self) -> str:
        return self.card.user_id


class Call(StoredDocument, frozen=True, kw_only=True):
    """One meeting, from the offer to the decision. Times are Unix milliseconds; the first party offers.

    Stored: see `core/stored.py`. Of the words in it only `state` has to be known, because the table needs it.

    `live_since` is when it last became live, while it is live; `talked_ms` is the live time before that.
    `away_since` is since when it is no longer live. `at_fault` are the users through whom a match failed.
    `reported_by` are those who have reported the other: then no connection can follow, which only they know.
    `max_call_s` is for how long it may be live, where not as the rules say. `wants_longer`: who has asked for
    more. `warn_at`: when both are told again of the end.
    `policy` is what media goes by (`IceTransportPolicy`): `signaling/relay.py` decides. `relays_only`: the
    operator keeps it on relays whatever the two agree to. `agreed_direct`: who agrees to be reached without
    them, and `went_direct` how often they were.

    Of a direct call the first party rings the second. `reach`: `rings`; `busy`, where the second is not told
    before it is over; `none`, where they are never told. `room_id` is where the two write each other.

    `probe`: of two synthetic users, which counts in no figure.
    """

    id: str
    origin: str
    mode: str
    region: str
    parties: tuple[Party, Party]
    offered_at: int
    deadline: int | None
    state: State = State.OFFERED
    epoch: int = 0
    restarts: int = 0
    live_at: int | None = None
    live_since: int | None = None
    talked_ms: int = 0
    away_since: int | None = None
    ended_at: int | None = None
    ended_by: str | None = None
    reason: str | None = None
    at_fault: tuple[str, ...] = ()
    reported_by: tuple[str, ...] = ()
    outcome: str | None = None
    max_call_s: int | None = None
    policy: str | None = None
    relays_only: bool = False
    agreed_direct: tuple[str, ...] = ()
    went_direct: int = 0
    wants_longer: tuple[str, ...] = ()
    warn_at: int | None = None
    reach: str = "rings"
    room_id: str | None = None
    probe: bool = False

    def party(self, user_id: str) -> Party:
        """The side of this user. Raises `NotFound`: a call that is not yours does not exist."""
        first, second = self.parties
        if first.card.user_id == user_id:
            return first
        if second.card.user_id == user_id:
            return second
        raise NotFound

    def peer(self, user_id: str) -> Party:
        """The other side."""
        first, second = self.parties
        return second if self.party(user_id) is first else first

    def is_open_to(self, user_id: str) -> bool:
        """Whether there is a decision that this user has not settled for themselves by reporting."""
        return self.state is State.DECIDING and user_id not in self.reported_by

    def with_party(self, user_id: str, **changes: Any) -> "Call":
        """The call with one side changed."""
        first, second = (replace(p, **changes) if p.user_id == user_id else p for p in self.parties)
        return replace(self, parties=(first, second))

    @property
    def people(self) -> tuple[Party, ...]:
        """Those of the two who are users: the second party of an echo call is the server."""
        return self.parties[:1] if self.origin == "echo" else self.parties

    def hears(self, user_id: str) -> bool:
        """Whether this user is told what becomes of it."""
        return self.reach == "rings" or self.parties[0].user_id == user_id

    def invited(self, user_id: str) -> bool:
        """Whether it is this user who rings the other."""
        return self.origin == "direct" and self.parties[0].user_id == user_id

    def longest_s(self, rules: "Rules") -> int:
        """Seconds for which it may be live."""
        return rules.max_call_s if self.max_call_s is None else self.max_call_s

    def role(self, user_id: str) -> CallRole:
        """The first party makes the offers."""
        return "offerer" if self.party(user_id) is self.parties[0] else "answerer"

    def ice_policy(self, rules: "Rules") -> IceTransportPolicy:
        """What media goes by. A version that kept none of it had begun as a call would begin now."""
        if self.policy is None:
            return rules.begins_on(self.origin, self.region, *(party.card for party in self.parties))
        return "all" if self.policy == "all" else "relay"

    @property
    def left_by(self) -> str | None:
        """The user who ended it, for the record. None, if the other was lost before: then one may leave."""
        if all(party.user_id != self.ended_by for party in self.people):
            return None
        alone = self.ended_by is not None and self.peer(self.ended_by).lost
        return None if alone and self.reason in {"hung_up", "skipped"} else self.ended_by

    @property
    def attention_at(self) -> int | None:
        """When something is due by itself."""
        if self.state is not State.LIVE or self.warn_at is None or self.deadline is None:
            return self.deadline
        return min(self.warn_at, self.deadline)

    @property
    def duration_s(self) -> int:
        """Whole seconds in which it was live."""
        return self.talked_ms // 1000


class Rules(Struct, frozen=True, kw_only=True):
    """The timers, in seconds, and the policies that an operator chose.

    `relays_in`: the regions whose calls have relays (TURN); "" is all of them.
    """

    offer_s: int = 8
    connect_s: int = 15
    grace_s: int = 20
    decision_s: int = 30
    ring_s: int = 30
    max_call_s: int = 1800
    extend_percent: int = 50
    call_warning_s: int = 120
    echo_call_s: int = 60
    max_restarts: int = 10
    policy: DecisionPolicy = "female_decides"
    video_start: VideoStart = "open"
    ice_transport_policy: IcePolicy = "auto"
    relays_in: frozenset[str] = frozenset()

    @classmethod
    def of(cls, settings: Settings) -> "Rules":
        """The rules that these settings ask for."""
        same = {f for f in cls.__struct_fields__ if f not in {"policy", "relays_in"}}
        return cls(
            policy=settings.decision_policy,
            relays_in=turn_regions(settings.turn_urls),
            **{f: getattr(settings, f) for f in same},
        )

    @property
    def relays_only(self) -> bool:
        """Whether no call ever leaves its relays."""
        return self.ice_transport_policy == "relay"

    def begins_on(self, origin: str, region: str, *cards: StoredCard) -> IceTransportPolicy:
        """What media goes by at first: strangers stay on relays, if any, and who wishes it always does."""
        strangers = origin not in _NO_STRANGERS and have_relays(region, self.relays_in)
        kept = self.relays_only or (self.ice_transport_policy == "auto" and strangers)
        return "relay" if kept or any(card.relay_only for card in cards) else "all"

    def prolonged_s(self, longest_s: int) -> int:
        """How long a call of so many seconds may last that both have prolonged."""
        return longest_s + longest_s * self.extend_percent // 100


def offer(claim: Claim, now: int, rules: Rules, *, relay_only: bool = False) -> Call:
    """The call that two claimed tickets become. `relay_only`: one of the two wishes so by now."""
    begins_on = rules.begins_on("match", claim.first.region, claim.first.card, claim.second.card)
    return Call(
        id=claim.call_id,
        origin="match",
        mode=claim.first.call_mode,
        region=claim.first.region,
        parties=(
            Party(card=claim.first.card, ticket=claim.first),
            Party(card=claim.second.card, ticket=claim.second),
        ),
        offered_at=now,
        deadline=now + rules.offer_s * 1000,
        policy="relay" if relay_only else begins_on,
        relays_only=rules.relays_only,
        probe=claim.first.probe,
    )


def decider_for(call: Call, user_id: str, rules: Rules) -> Decider | None:
    """The one who decides about this call, as this user sees it. None: it was not matched."""
    if call.origin != "match":
        return None
    return decider(rules.policy, call.party(user_id).card.gender, call.peer(user_id).card.gender)
