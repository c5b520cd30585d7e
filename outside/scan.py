"""A scanner of the operator's choice, asked over HTTP whether a picture or a text may be shown to strangers.

It is sent a POST: a picture as its bytes, a text as `{"text": "…"}`. It answers 200 with
`{"verdict": "pass" | "refuse" | "review", "reason": "…"}`; the reason may be left out. Anything else, and no
answer in time, is as if it were away.
"""

import aiohttp
import msgspec
import structlog

from core.errors import Unavailable
from services.ports import Verdict

_MOST_BYTES = 16 * 1024
_RETRY_MS = 1000
_log = structlog.get_logger()


class HttpScan:
    """Implements `services.ports.Scan`."""

    def __init__(self, url: str, *, timeout_s: float) -> None:
        self._url, self._timeout = url, aiohttp.ClientTimeout(total=timeout_s)

    async def text(self, text: str) -> Verdict:
        """Whether strangers may read it."""
        return await self._asked(msgspec.json.encode({"text": text}), "application/json")

    async def picture(self, data: bytes, content_type: str) -> Verdict:
        """Whether strangers may see it."""
        return await self._asked(data, content_type)

    async def _asked(self, body: bytes, content_type: str) -> Verdict:
        try:
            return msgspec.json.decode(await self._answer(body, content_type), type=Verdict)
        except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError, UnicodeDecodeError) as error:
            _log.warning("the scanner does not serve", error=repr(error))
            raise Unavailable("This cannot be looked at right now.", retry_after_ms=_RETRY_MS) from error

    async def _answer(self, body: bytes, content_type: str) -> bytes:
        """Where it sends us on to, we do not go: it may be anywhere."""
        headers = {"Content-Type": content_type}
        async with (
            aiohttp.ClientSession(timeout=self._timeout) as client,
            client.post(self._url, data=body, headers=headers, allow_redirects=False) as response,
        ):
            if response.status != 200:
                raise aiohttp.ClientError(f"It answers {response.status}.")
            answer = b""
            async for chunk in response.content.iter_chunked(_MOST_BYTES):
                answer += chunk
                if len(answer) > _MOST_BYTES:
                    raise aiohttp.ClientError("Its answer is too long.")
            return answer
