"""What a call is: its two parties, its state, and the rules that an operator chose. Pure data."""

from enum import StrEnum
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from core.errors import NotFound
from core.settings import Settings
from core.stored import StoredCard, StoredDocument
from core.ticket import Claim, Ticket
from core.vocabulary import CallRole, Decider, DecisionPolicy, VideoStart
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
STARTED = frozenset({State.CONNECTING, State.LIVE, State.RECONNECTING})


class Party(Struct, frozen=True, kw_only=True):
    """One side. `device` is the one that has accepted; `lost` while that is not connected."""

    card: StoredCard
    ticket: Ticket | None = None
    device: str | None = None
    lost: bool = False
    connected_epoch: int = -1
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

    def party(self, user_id: str) -> Party:
        """The side of this user. Raises `NotFound`: a call that is not yours does not exist."""
        for party in self.parties:
            if party.user_id == user_id:
                return party
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

    def role(self, user_id: str) -> CallRole:
        """The first party makes the offers."""
        return "offerer" if self.party(user_id) is self.parties[0] else "answerer"

    @property
    def left_by(self) -> str | None:
        """The user who ended it, for the record. None, if the other was lost before: then one may leave."""
        alone = self.ended_by is not None and self.peer(self.ended_by).lost
        return None if alone and self.reason in {"hung_up", "skipped"} else self.ended_by

    @property
    def duration_s(self) -> int:
        """Whole seconds in which it was live."""
        return self.talked_ms // 1000


class Rules(Struct, frozen=True, kw_only=True):
    """The timers, in seconds, and the policies that an operator chose."""

    offer_s: int = 8
    connect_s: int = 15
    grace_s: int = 20
    decision_s: int = 30
    max_call_s: int = 1800
    max_restarts: int = 10
    policy: DecisionPolicy = "female_decides"
    video_start: VideoStart = "open"

    @classmethod
    def of(cls, settings: Settings) -> "Rules":
        """The rules that these settings ask for."""
        timers = {f: getattr(settings, f) for f in cls.__struct_fields__ if f != "policy"}
        return cls(policy=settings.decision_policy, **timers)


def offer(claim: Claim, now: int, rules: Rules) -> Call:
    """The call that two claimed tickets become."""
    return Call(
        id=claim.call_id,
        origin="match",
        mode=claim.first.mode,
        region=claim.first.region,
        parties=(
            Party(card=claim.first.card, ticket=claim.first),
            Party(card=claim.second.card, ticket=claim.second),
        ),
        offered_at=now,
        deadline=now + rules.offer_s * 1000,
    )


def decider_for(call: Call, user_id: str, rules: Rules) -> Decider:
    """The one who decides about this call, as this user sees it."""
    return decider(rules.policy, call.party(user_id).card.gender, call.peer(user_id).card.gender)
