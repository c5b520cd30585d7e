"""What a change of a call tells its users, for the scripts that save the one and tell of the other."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from db.redis.multiplexed import Arg


class Told(Struct, frozen=True):
    """An event for a user's devices; `line` is what their line says from just before it on, if anything."""

    user_id: str
    name: str
    data: bytes
    device: str | None = None
    not_device: str | None = None
    line: str = ""


class Streams(Struct, frozen=True):
    """At least so many events of each user are kept, for so many ms after the last."""

    keep: int
    keep_ms: int


def streams_of(told: Iterable[Told]) -> dict[str, int]:
    """The streams in which these are told, with their places among the keys that told.lua describes."""
    users = dict.fromkeys(each.user_id for each in told)
    return {f"events:{{{user_id}}}": nth for nth, user_id in enumerate(users, 5)}


def words(told: Told, streams: dict[str, int]) -> Sequence[Arg]:
    """The six of told.lua."""
    place = streams[f"events:{{{told.user_id}}}"]
    return place, told.name, told.data, told.device or "", told.not_device or "", told.line
