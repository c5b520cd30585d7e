"""Blocking, unblocking and the list of blocks. Decides nothing: `services.blocks` does."""

from core.clock import rfc3339
from core.contract import blocks as contract
from core.contract.blocks import BlockPage, BlockView, ByUser, NewBlock
from core.wire.cursors import BY_TIME
from core.wire.pages import PageQuery
from db.postgres.blocks import BlockedUser, BlockStore
from rest.http.paging import page
from rest.http.request import Request
from services.blocks import Blocks


class BlockHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, blocks: Blocks, store: BlockStore) -> None:
        self._blocks, self._store = blocks, store

    async def blocks(self, request: Request) -> BlockPage:
        items, after = await page(
            request.asked(PageQuery),
            lambda before, limit: self._store.blocks(request.caller.user_id, before=before, limit=limit),
            cursors=BY_TIME,
            key=lambda block: (block.created_at, block.user_id),
        )
        return BlockPage(items=[_view(block) for block in items], next_cursor=after)

    async def block(self, request: Request) -> BlockView:
        return _view(
            await self._blocks.block(request.caller.user_id, request.sent(NewBlock), request.key, request.now)
        )

    async def unblock(self, request: Request) -> None:
        await self._store.unblock(request.caller.user_id, request.at(ByUser).user_id)


def _view(block: BlockedUser) -> BlockView:
    return BlockView(
        user_id=block.user_id, display_name=block.display_name, created_at=rfc3339(block.created_at)
    )
