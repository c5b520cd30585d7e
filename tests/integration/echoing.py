"""Echo calls in tests: the process that answers them is started by the first, and may take its time."""

import asyncio

from core.vocabulary import Mode
from tests.integration.person import ClientDevice, Refused
from tests.patience import PATIENCE_S


async def call_echo(device: ClientDevice, mode: Mode = "voice") -> str:
    """The call, as soon as there is somebody who answers: until then the node says when to ask again."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer = await device.send_raw("call:echo", {"mode": mode})
            if answer["ok"]:
                return str(answer["data"]["call_id"])
            if answer["error"]["code"] != "unavailable":
                raise Refused(answer["error"])
            await asyncio.sleep(answer["error"].get("retry_after_ms", 1000) / 1000)
