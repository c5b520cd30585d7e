"""Commands as words: which of them may be sent again when nobody knows whether they were performed."""

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
