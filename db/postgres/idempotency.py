"""Idempotency keys in Postgres: of the copies of one request, one acts, and all have its answer.

A store claims the key first in the transaction of the act and keeps the answer last in it, a line each:

    if (known := await claim(connection, key, Post)) is not None:
        return known
    ...
    return await keep(connection, key, post)

So act and answer are there together or not at all: an error leaves nothing, and a copy that comes meanwhile,
to whichever node, waits for the first and is told the same. What is kept must hold no secret (a token, a
code): keep what it was about instead, and make the secret anew. A field that is added to a kept Struct needs
a default, as answers of the day before are still read. `db.postgres.retention` forgets keys after `KEPT_MS`.
"""

import hashlib
from typing import TypeVar

import msgspec
from msgspec import Struct, structs

from core.clock import to_datetime
from core.errors import IdempotencyConflict
from db.postgres.pool import Connection, Pool, Record, queries

KEPT_MS = 86_400_000

_SQL = queries("idempotency")
CLAIM, CLAIM_WITH, KEEP = _SQL["claim"], _SQL["claim_with"], _SQL["keep"]
A = TypeVar("A", bound=Struct)


class IdempotencyKey(Struct, frozen=True, kw_only=True):
    """A client's own key for a request, made at `at` (ms).

    `owner`: whose key it is, an account's id, or of a stranger what stands for it. `operation`: the name of
    the endpoint; `digest` (SHA-256): what it was asked.
    """

    owner: str
    operation: str
    key: str
    digest: bytes
    at: int

    def including(self, sent: bytes) -> "IdempotencyKey":
        """The key of a request that also sends what has this digest: an upload, which is read as it comes."""
        digest = hashlib.sha256(self.digest + sent).digest()
        # A stranger's key has a digest in place of an account.
        owner = digest.hex() if self.owner == self.digest.hex() else self.owner
        return structs.replace(self, owner=owner, digest=digest)


async def claim(connection: Connection, key: IdempotencyKey | None, answer: type[A]) -> A | None:
    """What this request was answered before; None: it is the first, so act and `keep` the answer.

    To be called first in the transaction of the act. Raises `IdempotencyConflict`.
    """
    if key is None:
        return None
    return answered(await connection.fetchrow(CLAIM, *claimed_by(key)), key, answer)


async def keep(connection: Connection, key: IdempotencyKey | None, answer: A) -> A:
    """The answer, kept for copies of the request under the claimed key."""
    if key is not None:
        await connection.execute(KEEP, *kept_by(key), answer)
    return answer


async def kept(pool: Pool, key: IdempotencyKey, answer: type[A]) -> A | None:
    """What this request was answered before, without claiming its key. Raises `IdempotencyConflict`."""
    return answered(await pool.fetchrow(_SQL["kept"], *kept_by(key)), key, answer)


# For a statement that claims or keeps along with something else.


def claimed_by(key: IdempotencyKey) -> tuple[object, ...]:
    """What `CLAIM` takes, and `CLAIM_WITH` before the answer."""
    return *kept_by(key), key.digest, to_datetime(key.at)


def kept_by(key: IdempotencyKey) -> tuple[object, ...]:
    """What `KEEP` takes, before the answer."""
    return key.owner, key.operation, key.key


def answered(row: Record | None, key: IdempotencyKey, answer: type[A]) -> A | None:
    """The answer in what was claimed; None: there is none yet. Raises `IdempotencyConflict`."""
    if row is None:
        return None
    if row["digest"] != key.digest:
        raise IdempotencyConflict
    return None if row["answer"] is None else msgspec.convert(row["answer"], answer)
