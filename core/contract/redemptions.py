"""Redeeming rewards, for the staff of partners at their places: scan, redeem, and take back."""

from typing import Annotated, ClassVar

from msgspec import Meta

from core.contract.rewards import RewardView
from core.errors import AlreadyRedeemed, Conflict, Expired, Forbidden, NotFound
from core.reward_rules import WhyNot
from core.signed_codes import LONGEST_CODE
from core.vocabulary import SAYS_SOMETHING, Id, Timestamp
from core.wire.endpoint import ById, Endpoint
from core.wire.message import Input, Wire


class Scan(Input):
    """A code that somebody shows, at a place of one's partner.

    What stands for a request under an `Idempotency-Key` is the reward, and not the code, which changes.
    """

    secrets: ClassVar[tuple[str, ...]] = ("code",)

    code: Annotated[str, Meta(min_length=1, max_length=LONGEST_CODE, examples=["R10123456789abcdef…"])]
    location_id: Id


class ScannedUser(Wire):
    """Who shows it: no more than the name."""

    display_name: str


class Scanned(Wire):
    """What would happen. `reason`: why it cannot be redeemed here and now."""

    reward: RewardView
    user: ScannedUser
    can_redeem: bool
    reason: WhyNot | None = None


class RedemptionView(Wire):
    """That a reward was redeemed. Until `reversible_until` the partner's staff may take it back."""

    id: Id
    reward_id: Id
    location_id: Id
    at: Timestamp
    reversible_until: Timestamp
    reversed_at: Timestamp | None = None


class Redeemed(Wire):
    """It was redeemed, or that was taken back."""

    redemption: RedemptionView


class Reversal(Input):
    """Why a redemption is taken back."""

    reason: Annotated[
        str, Meta(min_length=1, max_length=500, pattern=SAYS_SOMETHING, examples=["Scanned by mistake."])
    ]


ENDPOINTS = (
    Endpoint(
        name="scan_reward",
        method="POST",
        path="/v1/rewards/scan",
        area="partners",
        summary="See what redeeming this code here would do; for the staff of the place's partner.",
        body=Scan,
        reply=Scanned,
        errors=(NotFound,),
        limits=("redemptions",),
    ),
    Endpoint(
        name="redeem_reward",
        method="POST",
        path="/v1/rewards/redeem",
        area="partners",
        summary="Redeem it. Once: after that it is `already_redeemed`, with `redeemed_at` in `details`."
        " Of one's own reward it is `forbidden`.",
        body=Scan,
        reply=Redeemed,
        status=201,
        errors=(NotFound, AlreadyRedeemed, Expired, Conflict, Forbidden),
        idempotent=True,
        limits=("redemptions",),
    ),
    Endpoint(
        name="reverse_redemption",
        method="POST",
        path="/v1/redemptions/{id}/reverse",
        area="partners",
        summary="Take a redemption back, within ten minutes. Its user gets the same reward again.",
        parameters=ById,
        body=Reversal,
        reply=Redeemed,
        errors=(Expired,),
        limits=("redemptions",),
    ),
)
