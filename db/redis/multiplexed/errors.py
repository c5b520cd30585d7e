"""What Redis says when it refuses, as the errors that `db/outage.py` knows; and why it lets nobody in."""

import re
import ssl
from typing import cast

from redis.asyncio.connection import DefaultParser
from redis.exceptions import AuthenticationError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from db.outage import REDIS

# At the head of an answer, or inside what a script says about the command that failed.
_REFUSAL = re.compile(rf"(?:^|-)({'|'.join(REDIS)}) ")


def read_error(said: str) -> Exception:
    """A `redis.exceptions` error."""
    if refusal := _REFUSAL.search(said):
        return REDIS[refusal[1]](said)
    return cast("Exception", DefaultParser.parse_error(said))  # type: ignore[no-untyped-call]  # redis-py


def shut_out(error: OSError | RedisError, *, tls: bool, known: bool) -> RedisError:
    """Why a server lets us not in, for its operator. `known`: it did before, so it is not the URL."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return RedisConnectionError(f"its certificate is not trusted, by REDIS_CA: {error.verify_message}")
    if isinstance(error, AuthenticationError):
        return AuthenticationError(f"it does not let us in by this user and password: {error}")
    if isinstance(error, TimeoutError) and error.errno is None:  # our own
        return RedisTimeoutError(f"It does not answer{_BY_TLS if tls and not known else ''}.")
    if isinstance(error, ssl.SSLError):
        return RedisConnectionError(f"It cannot be reached{_BY_TLS}: {error.reason or error}")
    if isinstance(error, RedisError):
        return error if tls or known else type(error)(f"{error} (with TLS it would be rediss://)")
    return RedisConnectionError(f"It cannot be reached: {error}")


_BY_TLS = " with TLS, as rediss:// says"
