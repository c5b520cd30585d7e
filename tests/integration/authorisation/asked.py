"""What somebody asks for, of whatever is made for that."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec import Struct

from tests.integration.authorisation.people import Caller, Scene


class Asked(Struct, frozen=True, kw_only=True):
    """What is put into the path, and what is sent. `token`: another than the caller's own."""

    path: Mapping[str, str] = {}
    sent: Mapping[str, Any] = {}
    token: str | None = None


Way = Callable[[Scene, Caller], Awaitable[Asked]]
