"""Rules by which people earn rewards, for admins."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from core.contract.partners import Budget, Count
from core.contract.rewards import RewardText, RewardTitle
from core.reward_rules import RuleKind
from core.vocabulary import Id, LocationType, MilestoneId, RewardType, Timestamp
from core.wire.endpoint import ById, Endpoint
from core.wire.message import Input, Wire
from core.wire.pages import NextCursor, PageQuery

Every = Annotated[int, Meta(ge=1, le=10_000)]
Reaches = Annotated[int, Meta(ge=1, le=10_000, description="Days of a streak, or a level.")]
Milestone = Annotated[str, Meta(min_length=1, max_length=50, examples=["check_ins_10"])]
Days = Annotated[int, Meta(ge=1, le=3650)]


class RuleView(Wire):
    """A rule. `granted`: how many rewards it has granted."""

    id: Id
    kind: RuleKind
    every: Every
    at: LocationType | None
    reaches: Reaches | None
    milestone: Milestone | None
    type: RewardType
    title: RewardTitle
    description: RewardText | None
    partner_id: Id | None
    valid_days: Days | None
    budget: Budget | None
    granted: Count
    active: bool
    created_at: Timestamp
    updated_at: Timestamp


class RulePage(Wire):
    """A page of rules, newest first."""

    items: list[RuleView]
    next_cursor: NextCursor


class NewRule(Input):
    """What earns which reward, from now on.

    `every`: the n-th check-in (`at` places of a type, or any), kept connection, mentor session; `reaches`:
    days of a streak, or a level; `milestone`: its id. `valid_days`: after which it expires.
    """

    kind: RuleKind
    type: RewardType
    title: RewardTitle
    every: Every = 1
    at: LocationType | None = None
    reaches: Reaches | None = None
    milestone: MilestoneId | None = None
    description: RewardText | None = None
    partner_id: Id | None = None
    valid_days: Days | None = None
    budget: Budget | None = None
    active: bool = True


class RulePatch(Input):
    """What is to change; the rest stays, and so does what was granted. Another kind is another rule."""

    type: RewardType | UnsetType = UNSET
    title: RewardTitle | UnsetType = UNSET
    every: Every | UnsetType = UNSET
    at: LocationType | UnsetType | None = UNSET
    reaches: Reaches | UnsetType | None = UNSET
    milestone: MilestoneId | UnsetType | None = UNSET
    description: RewardText | UnsetType | None = UNSET
    partner_id: Id | UnsetType | None = UNSET
    valid_days: Days | UnsetType | None = UNSET
    budget: Budget | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET


class RulePreview(NewRule):
    """The same rule, as if it had been there for so many days."""

    days: Annotated[int, Meta(ge=1, le=366)] = 30


class Reached(Wire):
    """Somebody whom it would have reached."""

    user_id: Id
    display_name: str
    rewards: Count


class Preview(Wire):
    """Whom a rule would have reached. `rewards`: had there been no budget; `within_budget`: with it.

    Of a streak or level, whoever has reached it by now and was here in these days.
    """

    users: Count
    rewards: Count
    within_budget: Count
    reached: Annotated[list[Reached], Meta(description="Those with most, twenty at the most.")]


ENDPOINTS = (
    Endpoint(
        name="reward_rules",
        method="GET",
        path="/v1/admin/rewards/rules",
        area="admin",
        summary="All rules by which rewards are earned, newest first.",
        query=PageQuery,
        reply=RulePage,
        roles={"admin"},
    ),
    Endpoint(
        name="create_reward_rule",
        method="POST",
        path="/v1/admin/rewards/rules",
        area="admin",
        summary="Add a rule.",
        body=NewRule,
        reply=RuleView,
        status=201,
        roles={"admin"},
        idempotent=True,
    ),
    Endpoint(
        name="change_reward_rule",
        method="PATCH",
        path="/v1/admin/rewards/rules/{id}",
        area="admin",
        summary="Change a rule, or end it.",
        parameters=ById,
        body=RulePatch,
        reply=RuleView,
        roles={"admin"},
    ),
    Endpoint(
        name="preview_reward_rule",
        method="POST",
        path="/v1/admin/rewards/rules/preview",
        area="admin",
        summary="Whom a rule would have reached, had it been there.",
        body=RulePreview,
        reply=Preview,
        roles={"admin"},
    ),
)
