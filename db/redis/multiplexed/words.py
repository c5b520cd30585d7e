"""Words of commands: which may be sent again though perhaps they were performed, and which slot each has."""

from binascii import crc_hqx

Arg = str | int | float | bytes
Words = tuple[Arg, ...]

# Only those that change nothing, or whose second time changes nothing and is answered like the first.
_REPEATABLE = frozenset({
    "DBSIZE", "ECHO", "EXISTS", "EXPIRE", "EXPIREAT", "GET", "GETRANGE", "HEXISTS", "HGET",
    "HGETALL", "HKEYS", "HLEN", "HMGET", "HMSET", "HSTRLEN", "HVALS", "LINDEX", "LLEN", "LRANGE",
    "LTRIM", "MGET", "MSET", "PEXPIRE", "PEXPIREAT", "PING", "PTTL", "SCARD", "SISMEMBER",
    "SMEMBERS", "SMISMEMBER", "SRANDMEMBER", "STRLEN", "TIME", "TTL", "TYPE", "XLEN", "XRANGE",
    "XREVRANGE", "ZCARD", "ZCOUNT", "ZMSCORE", "ZRANDMEMBER", "ZRANGE", "ZRANGEBYSCORE", "ZRANK",
    "ZREVRANGE", "ZREVRANGEBYSCORE", "ZREVRANK", "ZSCORE",
})  # fmt: skip
_DIFFERS_THE_SECOND_TIME = frozenset({"NX", "XX", "GET"})


def is_repeatable(words: Words) -> bool:
    """Whether it may be sent again. A SET may, but for one whose answer depends on what was there."""
    name = str(words[0]).upper()
    if name == "SET":
        return _DIFFERS_THE_SECOND_TIME.isdisjoint(str(word).upper() for word in words[3:])
    return name in _REPEATABLE


SLOTS = 16_384
REGIONS = 16  # of as many slots each
_NO_KEY = frozenset({
    "CLIENT", "CLUSTER", "CONFIG", "DBSIZE", "DEBUG", "ECHO", "FLUSHALL", "FLUSHDB", "INFO", "PING",
    "PUBLISH", "SCAN", "SCRIPT", "TIME", "WAIT",
})  # fmt: skip
# Where the key is, if not behind the name.
_KEY_AT = {"BITOP": 2, "EVAL": 3, "EVALSHA": 3, "OBJECT": 2, "XGROUP": 2, "XINFO": 2}


def slot_of(words: Words) -> int | None:
    """The slot of a cluster in which it is performed; None: any server will do."""
    name = str(words[0]).upper()
    at = _KEY_AT.get(name, 1)
    return key_slot(words[at]) if at < len(words) and name not in _NO_KEY else None


def key_slot(key: Arg) -> int:
    """By what is in the first braces, if anything, else by the whole key."""
    name = key if isinstance(key, bytes) else str(key).encode()
    _, opened, rest = name.partition(b"{")
    tag, closed, _ = rest.partition(b"}")
    return crc_hqx(tag if opened and closed and tag else name, 0) % SLOTS
