"""The keys with which Google or Apple sign, asked for over HTTP (OpenID Connect Discovery, RFC 7517).

They are kept for as long as the provider says, within bounds. They rotate: a token with a key that is not
known makes us ask again, but not more often than each half minute, so that made-up tokens cost the provider
nothing. While the provider does not answer, the keys that were known go on serving.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

import aiohttp
import msgspec
import structlog

from core.errors import Unavailable

_log = structlog.get_logger()
_MAX_AGE = re.compile(r"max-age=(\d{1,9})")
_LEAST_S, _MOST_S, _USUAL_S = 300, 86_400, 3_600
_MAX_BYTES = 262_144
_TIMEOUT_S = 2.0


class HttpProviderKeys:
    """Implements `services.ports.ProviderKeys` for one issuer."""

    def __init__(self, issuer: str, *, again_ms: int = 30_000, failed_ms: int = 2_000) -> None:
        self._issuer, self._again_ms, self._failed_ms = issuer.rstrip("/"), again_ms, failed_ms
        self._keys: dict[str, Mapping[str, Any]] = {}
        self._until = 0
        self._not_before = 0
        self._asking = asyncio.Lock()

    async def key(self, kid: str, now: int) -> Mapping[str, Any] | None:
        """The key of this id; None: they have none. Raises `Unavailable`."""
        if not self._serves(kid, now):
            async with self._asking:  # those who wait here look again: the first has asked for all
                if not self._serves(kid, now) and now >= self._not_before:
                    await self._ask(now)
        if not self._keys:
            raise Unavailable(
                "The provider does not answer: try again shortly.", retry_after_ms=self._failed_ms
            )
        return self._keys.get(kid)

    def _serves(self, kid: str, now: int) -> bool:
        return kid in self._keys and now < self._until

    async def _ask(self, now: int) -> None:
        try:
            async with (
                asyncio.timeout(_TIMEOUT_S),
                aiohttp.ClientSession(raise_for_status=True) as client,
            ):
                about, _ = await _json(client, f"{self._issuer}/.well-known/openid-configuration")
                listed, lasts_s = await _json(client, self._address(about))
            keys = {key["kid"]: key for key in listed["keys"] if isinstance(key.get("kid"), str)}
            if not keys:
                raise ValueError("there are no keys")
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError, AttributeError) as error:
            self._not_before = now + self._failed_ms
            _log.warning("the keys of a provider could not be read", issuer=self._issuer, error=repr(error))
            return
        self._keys, self._until = keys, now + lasts_s * 1000
        self._not_before = now + self._again_ms

    def _address(self, about: Any) -> str:
        """Where the keys are, by whom they should be; over TLS, if the provider has it."""
        if about["issuer"].rstrip("/") != self._issuer:
            raise ValueError("it is another issuer's document")
        address: str = about["jwks_uri"]
        if not address.startswith("https://" if self._issuer.startswith("https://") else "http"):
            raise ValueError("the keys are not where they should be")
        return address


async def _json(client: aiohttp.ClientSession, url: str) -> tuple[Any, int]:
    """What is there, and for how many seconds it may be kept. Raises what `_ask` catches."""
    async with client.get(url, allow_redirects=False) as response:
        if response.status != 200:
            raise ValueError(f"it answers {response.status}")
        body = bytearray()
        async for chunk in response.content.iter_chunked(65_536):
            body += chunk
            if len(body) > _MAX_BYTES:
                raise ValueError("it does not end")
        said = _MAX_AGE.search(response.headers.get("Cache-Control", ""))
        lasts_s = min(_MOST_S, max(_LEAST_S, int(said[1]))) if said else _USUAL_S
        return msgspec.json.decode(bytes(body)), lasts_s
