"""The API as people of the town use it, each with a token of their own, at a time that they say (ms)."""

from typing import Any

import aiohttp

from core.clock import now_ms
from demo.past import AT, KEY, Past

Payload = dict[str, Any]
_AT_ONCE = 16


class Declined(Exception):
    """What the server has said no to: `code` is its word for it."""

    def __init__(self, what: str, problem: Payload) -> None:
        super().__init__(f"{what}: {problem.get('code')}: {problem.get('detail')}")
        self.code = str(problem.get("code"))


class Api:
    """Requests to the town's own node. A context manager."""

    def __init__(self, node: Past) -> None:
        self._address, self._key = node.address, node.key
        self.asked = 0

    async def __aenter__(self) -> "Api":
        self._web = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=_AT_ONCE))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._web.close()

    async def ask(
        self, at: int, method: str, path: str, token: str = "", body: object = None, **headers: str
    ) -> Payload:
        """The answer; empty where there is none. Raises `Declined`."""
        return await self._asked(at, method, path, token, headers, json=body)

    async def upload(self, token: str, purpose: str, picture: bytes) -> str:
        """The id of the media that a JPEG becomes. Uploaded now: nodes delete what is not used in time."""
        form = aiohttp.FormData()
        form.add_field("purpose", purpose, content_type="text/plain")
        form.add_field("file", picture, filename="picture.jpg", content_type="image/jpeg")
        media = await self._asked(now_ms(), "POST", "/v1/media", token, {}, data=form)
        return str(media["id"])

    async def _asked(
        self, at: int, method: str, path: str, token: str, headers: dict[str, str], **sent: Any
    ) -> Payload:
        self.asked += 1
        headers |= {KEY: self._key, AT: str(at)}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        url = f"{self._address}{path}"
        async with self._web.request(method, url, headers=headers, **sent) as response:
            answer: Payload = (await response.json(content_type=None)) or {}
        if response.status >= 400:
            raise Declined(f"{method} {path}", answer)
        return answer
