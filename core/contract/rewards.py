"""Rewards: what people have earned, and the code that they show where they redeem one."""

from typing import Annotated

from msgspec import Meta

from core.errors import AlreadyRedeemed, Conflict, Expired
from core.vocabulary import SAYS_SOMETHING, Id, RewardState, RewardType, Timestamp
from core.wire.endpoint import ById, Cache, Endpoint
from core.wire.message import Wire
from core.wire.pages import NextCursor, PageQuery

RewardTitle = Annotated[
    str, Meta(min_length=1, max_length=255, pattern=SAYS_SOMETHING, examples=["A coffee on us"])
]
RewardText = Annotated[str, Meta(max_length=4000)]


class RewardPartner(Wire):
    """At whose places it is redeemed."""

    id: Id
    name: Annotated[str, Meta(examples=["Peaceful Grounds"])]


class RewardView(Wire):
    """A reward that somebody has earned. Without a `partner`, every partner redeems it; a `badge` nobody.

    `reversed`: its redemption was taken back, and another reward is there in its place.
    """

    id: Id
    type: RewardType
    title: RewardTitle
    description: RewardText | None
    state: RewardState
    earned_at: Timestamp
    partner: RewardPartner | None = None
    expires_at: Timestamp | None = None
    redeemed_at: Timestamp | None = None


class RewardQuery(PageQuery):
    """Which of one's rewards."""

    state: RewardState | None = None


class RewardPage(Wire):
    """A page of rewards, newest first."""

    items: list[RewardView]
    next_cursor: NextCursor


class RewardCode(Wire):
    """What staff scan, until it expires: half a minute. Ask for the next one before."""

    code: Annotated[str, Meta(examples=["R10123456789abcdef…"])]
    expires_at: Timestamp


ENDPOINTS = (
    Endpoint(
        name="rewards",
        method="GET",
        path="/v1/me/rewards",
        area="rewards",
        summary="What one has earned, newest first.",
        query=RewardQuery,
        reply=RewardPage,
        versioned=True,
        cache=Cache(max_age_s=0),
    ),
    Endpoint(
        name="reward_code",
        method="GET",
        path="/v1/rewards/{id}/qr",
        area="rewards",
        summary="The code to show now for one's own reward: as JSON, or drawn, where `Accept` names"
        " `image/svg+xml` or `image/png`.",
        parameters=ById,
        reply=RewardCode,
        errors=(AlreadyRedeemed, Expired, Conflict),
    ),
)
