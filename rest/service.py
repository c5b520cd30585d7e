"""What operators and developers ask: is it alive, is it ready, its metrics and its documents."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry

from core.contract import service as contract
from core.contract.service import Health, Readiness
from core.ending import Ending
from core.errors import NotFound, Unavailable
from db.outage import Outage
from rest.docs import Documents
from rest.http.metrics import exposition
from rest.http.request import Request

Check = Callable[[], Awaitable[object]]

_CHECK_S = 2.0
_KEPT_MS = 1000
_log = structlog.get_logger()


class ServiceHandlers:
    """One method for each endpoint, of the same name. A check raises when what it asks does not answer.

    Without a registry there are no metrics here. Documents are made for the first who asks: that takes longer
    than all else at a start, and few processes are ever asked.
    """

    endpoints = contract.ENDPOINTS

    def __init__(
        self,
        *,
        ending: Ending,
        checks: Mapping[str, Check],
        notes: Sequence[str],
        registry: CollectorRegistry | None,
        documents: Callable[[], Documents],
    ) -> None:
        self._ending, self._checks = ending, checks
        self._failures = {name: Outage(f"not ready: {name}", quiet_s=0) for name in checks}
        self._notes = list(notes)
        self._registry = registry
        self._documents, self._describing = documents, asyncio.Lock()
        self._found: asyncio.Future[list[str]] | None = None
        self._asked_at = 0

    async def healthz(self, _request: Request) -> Health:
        return Health(status="ok")

    async def readyz(self, request: Request) -> Readiness:
        """The result of the checks of the last second, or of those that run now.

        The stores are asked once a second, however often this endpoint is asked. Raises `NotFound` once the
        process ends: for HAProxy that says that who is here stays, and nobody new is to come
        (`http-check disable-on-404`); others take it for a failure like any.
        """
        if self._ending.asked:
            raise NotFound("This process ends: send nobody new here.")
        if self._found is None or (self._found.done() and not 0 <= request.now - self._asked_at < _KEPT_MS):
            self._asked_at = request.now
            self._found = asyncio.ensure_future(self._failing())
        # Shielded: others may wait for the checks when this client goes away.
        failed = await asyncio.shield(self._found)
        if failed:
            sentence = f"Not ready: {', '.join(failed)} did not answer."
            raise Unavailable(sentence, details={"failed": failed}, retry_after_ms=1000)
        return Readiness(status="ready", checks=list(self._checks), notes=self._notes)

    async def metrics(self, _request: Request) -> web.Response:
        """Raises `NotFound` where they have a port of their own: what a proxy passes on is for everybody."""
        if self._registry is None:
            raise NotFound("Metrics have a port of their own here: METRICS_PORT.")
        return exposition(self._registry)

    async def openapi(self, request: Request) -> web.Response:
        return _json((await self._described()).openapi(request.address))

    async def asyncapi(self, request: Request) -> web.Response:
        return _json((await self._described()).asyncapi(request.address))

    async def docs(self, request: Request) -> web.Response:
        described = await self._described()
        return web.Response(
            text=described.page_at(request.address),
            content_type="text/html",
            headers={"Content-Security-Policy": described.policy},
        )

    async def _described(self) -> Documents:
        async with self._describing:
            return await asyncio.to_thread(self._documents)

    async def _failing(self) -> list[str]:
        """All checks at once, each for a few seconds at most."""
        names = list(self._checks)
        answers = await asyncio.gather(*(self._ask(name) for name in names))
        return [name for name, answered in zip(names, answers, strict=True) if not answered]

    async def _ask(self, name: str) -> bool:
        try:
            async with asyncio.timeout(_CHECK_S):
                await self._checks[name]()
        except Exception as error:
            self._failures[name].failed(error)
            return False
        self._failures[name].worked()
        return True


def _json(document: bytes) -> web.Response:
    return web.Response(body=document, content_type="application/json")
