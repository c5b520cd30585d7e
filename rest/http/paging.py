"""The one way to serve a list: a page of it, and the cursor on which the next one starts."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from core.wire.cursors import Cursors
from core.wire.pages import PageQuery

K = TypeVar("K")
T = TypeVar("T")


async def page(
    query: PageQuery,
    fetch: Callable[[K | None, int], Awaitable[Sequence[T]]],
    *,
    cursors: Cursors[K],
    key: Callable[[T], K],
) -> tuple[list[T], str | None]:
    """The items of the page that the query asks for, and the next cursor; None on the last page.

    `fetch` takes the key after which to start (None: at the first) and how many items to give at most.
    """
    # One more than is shown tells whether there is a next page.
    found = await fetch(cursors.read(query.cursor), query.limit + 1)
    items = list(found[: query.limit])
    return items, cursors.write(key(items[-1])) if len(found) > query.limit else None
