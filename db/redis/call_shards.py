"""Where a call is in Redis: its record, its outbox, its timeline and its time share one slot of a cluster."""

import zlib

# It may only be changed while no call is going on: calls in other shards than before would not be found.
SHARDS = 8


def shard_of(call_id: str) -> int:
    """Of `SHARDS`."""
    return zlib.crc32(call_id.encode()) % SHARDS


def call_keys(call_id: str) -> list[str]:
    """Of its record, of its outbox, and of the times at which the calls of its shard want attention."""
    shard = f"{{calls-{shard_of(call_id)}}}"
    return [f"call:{shard}:{call_id}", f"outbox:{shard}:{call_id}", f"attention:{shard}"]


def timeline_key(call_id: str) -> str:
    """Of the list of a call's notes."""
    return f"timeline:{{calls-{shard_of(call_id)}}}:{call_id}"
