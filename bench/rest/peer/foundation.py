"""What all endpoints of the peer share: the database, who asks, and how it answers."""

import hashlib
import json
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import orjson
from fastapi import HTTPException, Request, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from core.clock import now_ms, to_datetime
from core.keys import Keyring
from core.settings import Settings
from core.signed_codes import SignedCodes
from core.tokens import Access, AccessTokens
from services.media_addresses import FileAddresses

given = json.loads(sys.argv[1])
SQL: Mapping[str, str] = given["sql"]
settings = Settings()
keyring = Keyring.of(settings)
tokens = AccessTokens(keyring.keys("access token"), 900)
codes = SignedCodes(keyring.keys("code of a reward"))
files = FileAddresses(keyring.keys("address of a file"), base="", valid_ms=given["files_ms"])
how: dict[str, Any] = {
    "json_deserializer": orjson.loads,
    "pool_size": 10,
    "max_overflow": 0,
    "pool_reset_on_return": None,
    "connect_args": {"server_settings": {"plan_cache_mode": "force_generic_plan", "jit": "off"}},
}
reading = create_async_engine(given["url"], isolation_level="AUTOCOMMIT", **how)
writing = create_async_engine(given["url"], **how)


async def rows(connection: AsyncConnection, name: str, *values: Any) -> Sequence[Any]:
    return (await connection.exec_driver_sql(SQL[name], values)).all()


async def row(connection: AsyncConnection, name: str, *values: Any) -> Any:
    return (await connection.exec_driver_sql(SQL[name], values)).first()


class Caller(msgspec.Struct):
    user_id: UUID
    now: int
    at: datetime
    server: str


async def known(request: Request, connection: AsyncConnection) -> Caller:
    """The caller, whose session goes on and who is not banned."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise HTTPException(401)
    now = now_ms()
    access: Access = tokens.read(token, now)
    user_id, at = UUID(access.user_id), to_datetime(now)
    found = await row(connection, "standing", UUID(access.session_id), user_id, at, access.twin)
    if found is None or found.revoked_reason or found.restricted or found.banned or found.erased:
        raise HTTPException(401)
    if found.erasing or found.void or not found.served:
        raise HTTPException(403)
    return Caller(user_id, now, at, f"http://{request.headers['host']}")


class Asked(msgspec.Struct):
    """A caller, and the connection by which they were looked up."""

    connection: AsyncConnection
    caller: Caller


@asynccontextmanager
async def reads(request: Request) -> AsyncIterator[Asked]:
    async with reading.connect() as connection:
        yield Asked(connection, await known(request, connection))


@asynccontextmanager
async def writes(request: Request) -> AsyncIterator[Asked]:
    async with writing.begin() as connection:
        yield Asked(connection, await known(request, connection))


def said(view: BaseModel, request: Request | None = None, status: int = 200) -> Response:
    """The answer; to a request that may have it already, with its version."""
    body = view.__pydantic_serializer__.to_json(view, exclude_none=True)
    if request is None:
        return Response(body, status, media_type="application/json")
    tag = f'W/"{hashlib.blake2b(body, digest_size=7).hexdigest()}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
    return Response(body, status, headers, "application/json")
