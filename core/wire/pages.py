"""Pages of lists: `{items, next_cursor}`, newest first.

A cursor is opaque: give back what the last page gave.
"""

from typing import Annotated

from msgspec import Meta

from core.wire.message import Input

PAGE_MAX = 100

Cursor = Annotated[str, Meta(max_length=100, examples=["AZovTnwbfTqfYFssjh1Kdw"])]
NextCursor = Annotated[str, Meta(description="For the next page; null on the last.")] | None


class PageQuery(Input):
    """Which part of a list."""

    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = 50
    cursor: Cursor | None = None
