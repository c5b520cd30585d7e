"""Blocks: one user has blocked another."""

from core.errors import NotFound
from core.vocabulary import Id, Timestamp
from core.wire.endpoint import Endpoint
from core.wire.message import Input, Wire
from core.wire.pages import NextCursor, PageQuery


class NewBlock(Input):
    """The user to block."""

    user_id: Id


class ByUser(Input):
    """The user to unblock."""

    user_id: Id


class BlockView(Wire):
    """Someone whom one has blocked: enough to tell who it is, for nothing else can be seen of them."""

    user_id: Id
    display_name: str
    created_at: Timestamp


class BlockPage(Wire):
    """A page of blocks."""

    items: list[BlockView]
    next_cursor: NextCursor


ENDPOINTS = (
    Endpoint(
        name="blocks",
        method="GET",
        path="/v1/blocks",
        area="people",
        summary="Whom one has blocked.",
        query=PageQuery,
        reply=BlockPage,
    ),
    Endpoint(
        name="block",
        method="POST",
        path="/v1/blocks",
        area="people",
        summary="Block someone: call, connection and chat with them end, and they are not met again.",
        body=NewBlock,
        reply=BlockView,
        status=201,
        errors=(NotFound,),
        idempotent=True,
        limits=("blocks",),
    ),
    Endpoint(
        name="unblock",
        method="DELETE",
        path="/v1/blocks/{user_id}",
        area="people",
        summary="Block someone no more; what the block has ended stays ended.",
        parameters=ByUser,
        status=204,
    ),
)
