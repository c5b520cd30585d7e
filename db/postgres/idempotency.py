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
    given = (key.owner, key.operation, key.key, key.digest, to_datetime(key.at))
    return _answer(await connection.fetchrow(_SQL["claim"], *given), key, answer)


async def keep(connection: Connection, key: IdempotencyKey | None, answer: A) -> A:
    """The answer, kept for copies of the request under the claimed key."""
    if key is not None:
        await connection.execute(_SQL["keep"], key.owner, key.operation, key.key, answer)
    return answer


async def kept(pool: Pool, key: IdempotencyKey, answer: type[A]) -> A | None:
    """What this request was answered before, without claiming its key. Raises `IdempotencyConflict`."""
    return _answer(await pool.fetchrow(_SQL["kept"], key.owner, key.operation, key.key), key, answer)


def _answer(row: Record | None, key: IdempotencyKey, answer: type[A]) -> A | None:
    if row is None:
        return None
    if row["digest"] != key.digest:
        raise IdempotencyConflict
    return None if row["answer"] is None else msgspec.convert(row["answer"], answer)
