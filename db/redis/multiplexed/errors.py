"""What Redis says when it refuses, as the errors that `db/outage.py` knows."""

import re
from typing import cast

from redis.asyncio.connection import DefaultParser

from db.outage import REDIS

# At the head of an answer, or inside what a script says about the command that failed.
_REFUSAL = re.compile(rf"(?:^|-)({'|'.join(REDIS)}) ")


def read_error(said: str) -> Exception:
    """A `redis.exceptions` error."""
    if refusal := _REFUSAL.search(said):
        return REDIS[refusal[1]](said)
    return cast("Exception", DefaultParser.parse_error(said))  # type: ignore[no-untyped-call]  # redis-py
