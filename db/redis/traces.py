"""What Redis keeps of a user for minutes, dropped at once where the user was none."""

from collections.abc import Iterable

from db.redis.multiplexed import RedisClient

_KEYS = ("events", "told", "line")


async def drop_traces(redis: RedisClient, user_ids: Iterable[str]) -> None:
    """Streams of these users. Raises what an outage does (`db.outage`)."""
    for user_id in user_ids:
        for name in _KEYS:
            await redis.command("UNLINK", f"{name}:{{{user_id}}}")
