"""Why matching brought two together, for admins."""

from typing import Annotated, Any

from msgspec import Meta

from core.ticket import Fate, Road
from core.vocabulary import Id, Mode, Timestamp
from core.wire.endpoint import ById, Endpoint
from core.wire.message import Wire

Score = Annotated[float, Meta(examples=[0.72])]
Removed = Annotated[
    dict[str, int],
    Meta(
        description="How many by which rule or wish; `asked`: more was asked of the pair than it is worth.",
        examples=[{"age": 31, "languages": 2, "asked": 12}],
    ),
]
Parts = Annotated[
    dict[str, float],
    Meta(description="Their sum is the score.", examples=[{"intent": 0.25, "values": 0.2}]),
]
PolicyInForce = Annotated[
    dict[str, Any], Meta(description="Shares of the score, stance and times as they were in force.")
]


class MatchSeeker(Wire):
    """On whose behalf it was decided."""

    user_id: Id
    mode: Mode
    waited_ms: int


class MatchCandidate(Wire):
    """Someone who could be offered to the seeker.

    `score` is computed again, `decided_score` is the one that was decided by; `asked` was asked of the pair
    then, and `gain` is what the score gains over it, by how likely they were to accept: the greatest is
    chosen. `outcome`: `won`; `avoided`, as one has blocked the other or they met not long ago; `taken` by
    another match meanwhile; `lower` than the winner; `unseen` by a sweep, which looks at pairs in turns.
    """

    user_id: Id
    waited_ms: int
    score: Score
    decided_score: Score
    asked: Score
    gain: Score
    parts: Parts
    outcome: Fate


class MatchReplay(Wire):
    """A past decision of matching, decided again from what it was given.

    `considered` less those `removed` could be offered; the best of them are the `candidates`, best first.
    `reproduced`: the scores are those that were decided by, so the policy has not changed since.
    """

    call_id: Id
    decided_at: Timestamp
    road: Road
    seeker: MatchSeeker
    policy: PolicyInForce
    considered: int
    removed: Removed
    candidates: list[MatchCandidate]
    reproduced: bool
    why: Annotated[str, Meta(examples=["The greatest gain of 9 who could be offered: 0.41."])]


ENDPOINTS = (
    Endpoint(
        name="match_replay",
        method="GET",
        path="/v1/admin/calls/{id}/match",
        area="admin",
        summary="Why matching brought these two together: the candidates, the parts of each score.",
        parameters=ById,
        reply=MatchReplay,
        roles={"admin"},
    ),
)
