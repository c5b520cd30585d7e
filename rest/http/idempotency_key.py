"""What makes two requests copies of one: the client's key, its owner, and what is asked. Pure.

A key is an account's own. A stranger's has a digest of what is asked in place of the account: two strangers
who happen to use one key never meet, and nobody learns of a key without knowing what it was used for.
"""

import hashlib
import re
from collections.abc import Mapping
from functools import cache

import msgspec
from msgspec import Struct, structs

from core.errors import InvalidRequest
from core.wire.message import Input
from db.postgres.idempotency import IdempotencyKey

_KEY = re.compile(r"[!-~]{1,200}")


def key_of(
    header: str | None,
    *,
    operation: str,
    user_id: str | None,
    path: Mapping[str, str],
    body: Struct | None,
    now: int,
) -> IdempotencyKey | None:
    """The key of this request, if it has one. Raises `InvalidRequest` for more than visible ASCII."""
    if header is None:
        return None
    if not _KEY.fullmatch(header):
        raise InvalidRequest(
            "`Idempotency-Key` has to be 1 to 200 visible ASCII characters.",
            details={"field": "Idempotency-Key"},
        )
    digest = hashlib.sha256(msgspec.json.encode((dict(path), _asked(body)), order="sorted"))
    owner = user_id or digest.hexdigest()
    return IdempotencyKey(owner=owner, operation=operation, key=header, digest=digest.digest(), at=now)


def _asked(body: Struct | None) -> Mapping[str, object]:
    """What a body says. A field at its default says nothing, so that a newer node with more fields agrees."""
    if body is None:
        return {}
    secrets = body.secrets if isinstance(body, Input) else ()
    said = ((name, getattr(body, field), default) for name, field, default in _fields(type(body)))
    return {name: value for name, value, default in said if value != default and name not in secrets}


@cache  # to find out takes as long as all the rest of a request
def _fields(kind: type[Struct]) -> tuple[tuple[str, str, object], ...]:
    """Of each field: its name on the wire, its own, and its default."""
    return tuple((field.encode_name, field.name, field.default) for field in structs.fields(kind))
