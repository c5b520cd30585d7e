"""Blocking, unblocking and the list of whom one has blocked. Decides nothing: `services.blocks` does."""

from core.clock import rfc3339
from core.contract.blocks import BlockPage, BlockView, NewBlock
from core.wire.pages import PageQuery
from db.postgres.blocks import Block
from rest import cursors
from rest.boundary import Exchange
from services.blocks import Blocks


class BlockHandlers:
    """Handlers by the names of their endpoints."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks

    async def blocks(self, exchange: Exchange) -> BlockPage:
        """GET /v1/blocks"""
        query = exchange.asked(PageQuery)
        found = await self._blocks.blocks(
            exchange.caller.user_id, cursors.to_moment(query.cursor), query.limit + 1
        )
        items, after = cursors.page(
            found, query.limit, lambda block: cursors.of_moment(block.created_at, block.user_id)
        )
        return BlockPage(items=[_view(block) for block in items], next_cursor=after)

    async def block(self, exchange: Exchange) -> BlockView:
        """POST /v1/blocks"""
        return _view(
            await self._blocks.block(
                exchange.caller.user_id, exchange.sent(NewBlock), exchange.key, exchange.now
            )
        )

    async def unblock(self, exchange: Exchange) -> None:
        """DELETE /v1/blocks/{user_id}"""
        await self._blocks.unblock(exchange.caller.user_id, exchange.path["user_id"])


def _view(block: Block) -> BlockView:
    return BlockView(
        user_id=block.user_id, display_name=block.display_name, created_at=rfc3339(block.created_at)
    )
