"""What people have earned, over REST. Decides nothing: `services.rewards` does."""

import msgspec
from aiohttp import web

from core.clock import rfc3339
from core.contract import rewards as contract
from core.contract.rewards import RewardCode, RewardPage, RewardQuery
from core.wire.cursors import BY_ID
from core.wire.endpoint import ById
from db.postgres.rewards import RewardStore
from rest.http.accepts import accepts
from rest.http.paging import page
from rest.http.request import Request
from services.rewards import Rewards, drawn

_DRAWN = {"image/svg+xml": "svg", "image/png": "png"}


class RewardHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, rewards: Rewards, store: RewardStore) -> None:
        self._rewards, self._store = rewards, store

    async def rewards(self, request: Request) -> RewardPage:
        query, user_id = request.asked(RewardQuery), request.caller.user_id
        items, after = await page(
            query,
            lambda before, limit: self._store.page(
                user_id, state=query.state, before=before, limit=limit, now=request.now
            ),
            cursors=BY_ID,
            key=lambda reward: reward.id,
        )
        return RewardPage(items=items, next_cursor=after)

    async def reward_code(self, request: Request) -> web.Response:
        code = await self._rewards.code(request.at(ById).id, request.caller.user_id, request.now)
        headers = {"Cache-Control": "no-store", "Vary": "Accept"}
        for media, kind in _DRAWN.items():
            if accepts(request.accept, media):
                return web.Response(body=await drawn(code.text, kind), content_type=media, headers=headers)
        said = RewardCode(code=code.text, expires_at=rfc3339(code.expires_at))
        body = msgspec.json.encode(said)
        return web.Response(body=body, content_type="application/json", headers=headers)
