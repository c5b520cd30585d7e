"""SMS by a gateway of the operator's choice, asked over HTTP.

It is sent a POST of `{"to": "+49…", "text": "…", "id": "…"}`, with `Authorization: Bearer <SMS_TOKEN>`. Any
2xx means that it has taken it. 400 and most others of that hundred mean that it never will. After anything
else it is asked again, and so where the operator has to mend something.
"""

import aiohttp

from core.errors import Unavailable
from outside.shared_client import SharedClient
from services.ports import Undeliverable

_NOT_NOW = (401, 403, 404, 408, 429)
_IDLE_S = 15  # less than after which a gateway, or what is before it, ends an idle connection


class HttpSms:
    """Implements `services.ports.Sms`. It has to be `close`d."""

    def __init__(self, url: str, *, token: str, timeout_s: float = 20) -> None:
        self._url = url
        self._client = SharedClient(timeout_s=timeout_s, idle_s=_IDLE_S)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def send(self, to: str, text: str, *, sms_id: str) -> None:
        """It was taken. Where it sends us on to, we do not go: it may be anywhere."""
        headers = {**self._headers, "Idempotency-Key": sms_id}
        try:
            body = {"to": to, "text": text, "id": sms_id}
            async with self._client.posted(self._url, json=body, headers=headers) as response:
                status = response.status
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(f"The SMS gateway does not serve ({type(error).__name__}).") from None
        if 200 <= status < 300:
            return
        if status in _NOT_NOW or not 400 <= status < 500:
            raise Unavailable(f"The SMS gateway answers {status}.")
        raise Undeliverable(f"The SMS gateway answers {status}.")

    async def close(self) -> None:
        """What is on its way is not waited for."""
        await self._client.close()
