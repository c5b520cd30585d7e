"""Rules of rewards over REST, for admins. The store keeps them, and refuses those that make no sense."""

from core.contract import reward_rules as contract
from core.contract.reward_rules import NewRule, Preview, RulePage, RulePatch, RulePreview, RuleView
from core.wire.cursors import BY_ID
from core.wire.endpoint import ById
from core.wire.pages import PageQuery
from db.postgres.reward_rules import RewardRuleStore
from rest.http.paging import page
from rest.http.request import Request


class RewardRuleHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, store: RewardRuleStore) -> None:
        self._store = store

    async def reward_rules(self, request: Request) -> RulePage:
        items, after = await page(
            request.asked(PageQuery),
            lambda before, limit: self._store.page(before=before, limit=limit),
            cursors=BY_ID,
            key=lambda rule: rule.id,
        )
        return RulePage(items=items, next_cursor=after)

    async def create_reward_rule(self, request: Request) -> RuleView:
        new = request.sent(NewRule)
        return await self._store.create(new, request.caller.user_id, request.key, request.now)

    async def change_reward_rule(self, request: Request) -> RuleView:
        patch, rule_id = request.sent(RulePatch), request.at(ById).id
        return await self._store.change(rule_id, patch, request.caller.user_id, request.now)

    async def preview_reward_rule(self, request: Request) -> Preview:
        return await self._store.preview(request.sent(RulePreview), request.now)
