"""An Engine.IO server to talk with."""

from typing import Any

from realtime.transport import EngineServer


class EchoServer:
    """An Engine.IO server that sends back what it gets and remembers who went and why."""

    def __init__(self, **options: Any) -> None:
        self.server = EngineServer(async_mode="aiohttp", cors_allowed_origins="*", **options)
        self.gone: list[tuple[str, str]] = []
        self.server.on("message", self._message)
        self.server.on("disconnect", lambda sid, reason: self.gone.append((sid, reason)))

    async def _message(self, sid: str, data: Any) -> None:
        await self.server.send(sid, data)
