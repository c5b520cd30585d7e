"""Lists in which nothing is named twice. Pure."""

from collections.abc import Sequence

from msgspec import UnsetType

from core.errors import InvalidRequest


def each_once(field: str, ids: Sequence[str] | UnsetType | None) -> None:
    """Raises `InvalidRequest` where one comes twice."""
    if ids and len(set(ids)) < len(ids):
        raise InvalidRequest(f"`{field}` names the same twice.", details={"field": field})
