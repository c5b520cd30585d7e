"""Short commands and scripts for Redis over one multiplexed connection to each server.

What is asked for in one turn of the loop goes out in one write, and answers are matched in order. Nobody
waits longer than the patience of the client: see `RedisClient`.
"""

from db.redis.multiplexed.client import RedisClient, open_redis_client
from db.redis.multiplexed.script import Script, load_script, script_words
from db.redis.multiplexed.sharded import ShardedSubscriber
from db.redis.multiplexed.subscriber import Around
from db.redis.multiplexed.words import Arg

__all__ = [
    "Arg",
    "Around",
    "RedisClient",
    "Script",
    "ShardedSubscriber",
    "load_script",
    "open_redis_client",
    "script_words",
]
