"""Notifications to phones: Firebase Cloud Messaging, HTTP v1, by a service account of the operator's."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import msgspec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec import Struct

from core.clock import Clock
from core.errors import Unavailable
from db.postgres.devices import Target
from outside.answers import retry_later
from outside.shared_client import SharedClient
from services.ports import Pushed, Undeliverable

_SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SERVICE = "https://fcm.googleapis.com"
_TOKEN_S = 3600
_IDLE_S = 60  # less than what is between forgets an idle connection after
# `ErrorCode` of FCM v1: the app is gone, or is another project's.
_GONE = frozenset({"UNREGISTERED", "SENDER_ID_MISMATCH"})


class ServiceAccount(Struct, frozen=True):
    """What of its file is needed."""

    project_id: str
    client_email: str
    private_key: str
    token_uri: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - where it is had


def service_account(path: str) -> ServiceAccount:
    """As the console gives it, in this file. Raises `OSError`, in a sentence that names the setting."""
    try:
        account = msgspec.json.decode(Path(path).read_bytes(), type=ServiceAccount)
        load_pem_private_key(account.private_key.encode(), None)
    except OSError as error:
        raise OSError(f"PUSH_FCM: {path} cannot be read: {error.strerror}") from None
    except ValueError as error:  # what is no JSON, or another one, too
        raise OSError(f"PUSH_FCM: {path} is no service account's key: {error}") from None
    return account


class Fcm:
    """Implements `services.ports.Push` for phones. It has to be `close`d."""

    def __init__(
        self, account: ServiceAccount, clock: Clock, *, service: str = _SERVICE, timeout_s: float = 10
    ) -> None:
        self._account, self._clock, self._service = account, clock, service
        self._client = SharedClient(timeout_s=timeout_s, idle_s=_IDLE_S)
        self._token, self._until = "", 0
        self._signing_in = asyncio.Lock()

    async def send(self, device: Target, pushed: Pushed) -> None:
        """It was taken. Raises `Unavailable`, and `Undeliverable` where the app is there no more."""
        if device.token is None:
            raise Undeliverable("A phone has no token.")
        try:
            body = {"message": message(device.token, pushed, self._clock())}
            token = await self._signed_in()
            answer = await self._post(token, body)
            if answer.status == 401:  # it may be over before its time: nobody waits for that
                answer = await self._post(await self._signed_in(but=token), body)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(f"FCM does not serve ({type(error).__name__}).") from None
        status, why = answer.status, answer.why
        if 200 <= status < 300:
            return
        if why & _GONE or _names_the_token(status, why):
            raise Undeliverable(f"FCM answers {status} ({', '.join(sorted(why))}).")
        raise retry_later("FCM", status, answer.retry_after)

    async def close(self) -> None:
        """What is on its way is not waited for."""
        await self._client.close()

    async def _post(self, token: str, body: Mapping[str, Any]) -> "_Answer":
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{self._service}/v1/projects/{self._account.project_id}/messages:send"
        async with self._client.posted(url, json=body, headers=headers) as response:
            said = await response.read()
            why = _why(said) if response.status >= 400 else frozenset()
            return _Answer(response.status, why, response.headers.get("Retry-After"))

    async def _signed_in(self, *, but: str = "") -> str:
        """A token that is good for a minute at least, and another one than that. Raises `Unavailable`.

        However many ask at once, it is asked for once (RFC 7523, 2.1).
        """
        async with self._signing_in:
            now = self._clock() // 1000
            if self._until - now < 60 or self._token == but:
                await self._sign_in(now)
            return self._token

    async def _sign_in(self, now: int) -> None:
        account = self._account
        claims = {
            "iss": account.client_email,
            "scope": _SCOPE,
            "aud": account.token_uri,
            "iat": now,
            "exp": now + _TOKEN_S,
        }
        form = {"grant_type": _GRANT, "assertion": jwt.encode(claims, account.private_key, "RS256")}
        async with self._client.posted(account.token_uri, data=form) as response:
            given = await response.read()
            if response.status != 200:
                raise Unavailable(f"FCM does not know PUSH_FCM: its token service answers {response.status}.")
        try:
            token = msgspec.json.decode(given, type=_Token)
        except msgspec.MsgspecError:
            raise Unavailable("The token service of FCM gives no token.") from None
        self._token, self._until = token.access_token, now + token.expires_in


class _Answer(Struct, frozen=True):
    status: int
    why: frozenset[str]
    retry_after: str | None


class _Token(Struct):
    access_token: str
    expires_in: int


def message(token: str, pushed: Pushed, now: int) -> Mapping[str, Any]:
    """In FCM's words: shown by the phone itself, the newest of a topic in place of the ones before.

    What closes others is for the app alone, which does so.
    """
    silent, urgent = bool(pushed.closes), pushed.urgent
    data = {"id": pushed.id, "kind": pushed.kind}
    data |= {"url": pushed.url} if pushed.url else {}
    data |= {"close": " ".join(pushed.closes)} if silent else {}
    android: dict[str, Any] = {
        "ttl": f"{pushed.ttl_s}s",
        "collapse_key": pushed.topic,
        "priority": "HIGH" if urgent else "NORMAL",
    }
    headers = {
        "apns-collapse-id": pushed.topic[:64],
        "apns-expiration": str(now // 1000 + pushed.ttl_s),
        "apns-push-type": "background" if silent else "alert",
        "apns-priority": "10" if urgent and not silent else "5",
    }
    if silent:
        apple: dict[str, Any] = {"content-available": 1}
        return {"token": token, "data": data, "android": android, "apns": _apns(headers, apple)}
    apple = {"thread-id": pushed.topic}
    if pushed.kind == "call":
        apple |= {"interruption-level": "time-sensitive", "sound": "default"}
    return {
        "token": token,
        "notification": {"title": pushed.title, "body": pushed.body},
        "data": data,
        "android": android | {"notification": {"tag": pushed.topic}},
        "apns": _apns(headers, apple),
    }


def _apns(headers: Mapping[str, str], aps: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"headers": headers, "payload": {"aps": aps}}


def _why(answer: bytes) -> frozenset[str]:
    """The codes of an error, of Google's and of FCM's own, and the fields that it names."""
    try:
        error = msgspec.json.decode(answer).get("error", {})
        details = error.get("details", [])
        codes = [error.get("status"), *(detail.get("errorCode") for detail in details)]
        fields = [each.get("field") for detail in details for each in detail.get("fieldViolations", [])]
    except (msgspec.MsgspecError, AttributeError, TypeError):
        return frozenset()
    return frozenset(said for said in (*codes, *fields) if isinstance(said, str))


def _names_the_token(status: int, why: frozenset[str]) -> bool:
    return status == 400 and "message.token" in why
