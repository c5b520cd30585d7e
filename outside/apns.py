"""Notifications to iPhones by Apple itself (APNs), which rings them as calls of the phone's own do.

One connection carries all of it, and is kept: to make a new one for each push is an attack to Apple.
"""

import asyncio
import ssl
from string import hexdigits

import httpx2
import msgspec
from h2.events import StreamReset
from h2.exceptions import H2Error
from msgspec import Struct

from core.clock import Clock
from core.errors import Unavailable
from db.postgres.devices import Target
from outside.answers import retry_later
from outside.apns_token import ApnsAccount, ApnsToken
from outside.apns_words import Words, closing, ringing, rings_itself, showing
from services.ports import Misconfigured, Pushed, RingsNoMore, Undeliverable

_GONE = frozenset({"Unregistered", "ExpiredToken", "BadDeviceToken", "DeviceTokenNotForTopic"})
# Less than what is between forgets an idle connection after, so none is used that leads nowhere.
_IDLE_S = 240
# A connection that was kept may have ended unseen: what is asked for on another one comes twice at most.
_ENDED = (httpx2.ReadError, httpx2.WriteError, httpx2.ProtocolError, H2Error)


class Apns:
    """Implements `services.ports.Push` for iPhones. It has to be `close`d."""

    def __init__(
        self,
        account: ApnsAccount,
        clock: Clock,
        *,
        service: str,
        timeout_s: float = 10,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """`trust`: in whom, if not in whom this machine does."""
        self._topic, self._clock, self._service = account.topic, clock, service.rstrip("/")
        self._timeout_s, self._trust = timeout_s, trust
        self._token = ApnsToken(account, clock)
        self._client: httpx2.AsyncClient | None = None

    async def send(self, device: Target, pushed: Pushed) -> None:
        """It was taken. Raises `Unavailable`, `Misconfigured`, and `Undeliverable` or `RingsNoMore`."""
        rings, now = rings_itself(device, pushed), self._clock()
        address = device.voip_token if rings else device.token
        if rings and pushed.ring is not None:
            words = ringing(pushed, pushed.ring, self._topic, now)
        else:
            words = (closing if pushed.closes else showing)(pushed, self._topic, now)
        no_more = RingsNoMore if rings else Undeliverable
        if not address or not set(hexdigits).issuperset(address):
            raise no_more("This is no token of APNs.")
        try:
            # A connection is given up when nothing comes; what waits for its turn on it has that time again.
            async with asyncio.timeout(2 * self._timeout_s):
                answer = await self._told(address, words)
        except (httpx2.HTTPError, H2Error, TimeoutError, OSError) as error:
            raise Unavailable(f"APNs does not serve ({type(error).__name__}).") from None
        if answer.status == 200:
            return
        if answer.reason in _GONE or answer.status == 410:
            raise no_more(f"APNs answers {answer.status} ({answer.reason}).")
        if answer.is_ours:
            raise Misconfigured(
                f"APNs answers {answer.status} ({answer.reason}): do PUSH_APNS and its other settings fit?"
            )
        raise retry_later("APNs", answer.status, answer.retry_after)

    async def close(self) -> None:
        """What is on its way is not waited for."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _told(self, address: str, words: Words) -> "_Answer":
        """With a new token, once, if ours is over before its time."""
        token = self._token.current()
        answer = await self._post(address, words, token)
        if answer.reason == "ExpiredProviderToken":
            answer = await self._post(address, words, self._token.other_than(token))
        return answer

    async def _post(self, address: str, words: Words, token: str) -> "_Answer":
        headers = {**words.headers, "authorization": f"bearer {token}"}
        client, url = self._connected(), f"{self._service}/3/device/{address}"
        try:
            response = await client.post(url, content=words.payload, headers=headers)
        except _ENDED as error:
            if not _is_one_stream(error):
                # Whoever else waits there may be told nothing, where what came with the end was not read.
                await self._leave(client)
            response = await self._connected().post(url, content=words.payload, headers=headers)
        reason = _reason(response.content) if response.status_code >= 400 else ""
        return _Answer(response.status_code, reason, response.headers.get("retry-after"))

    async def _leave(self, client: httpx2.AsyncClient) -> None:
        if self._client is client:
            self._client = None
            await client.aclose()

    def _connected(self) -> httpx2.AsyncClient:
        if self._client is None:
            self._client = httpx2.AsyncClient(
                http1=False,
                http2=True,
                verify=self._trust or ssl.create_default_context(),
                trust_env=False,
                timeout=self._timeout_s,
                limits=httpx2.Limits(max_keepalive_connections=1, keepalive_expiry=_IDLE_S),
            )
        return self._client


class _Answer(Struct, frozen=True):
    status: int
    reason: str
    retry_after: str | None

    @property
    def is_ours(self) -> bool:
        """Whether it is about what we say, and will be as long as nobody changes that."""
        again = self.reason in {"ExpiredProviderToken", "IdleTimeout"}
        return 400 <= self.status < 429 and not again


def _is_one_stream(error: Exception) -> bool:
    """Whether the others on that connection go on."""
    return any(isinstance(said, StreamReset) for said in getattr(error.__cause__, "args", ()))


def _reason(answer: bytes) -> str:
    try:
        reason = msgspec.json.decode(answer)["reason"]
    except (msgspec.MsgspecError, KeyError, TypeError):
        return ""
    return reason if isinstance(reason, str) else ""
