"""One's own data over REST. Decides nothing: `services.exports` and `services.erasures` do."""

from aiohttp import web

from core.clock import to_datetime
from core.contract import own_data as contract
from core.contract.media import FileAddress
from core.contract.own_data import DeleteMe, Erasing, ExportView
from core.wire.endpoint import ById
from rest.http.request import Request
from services.erasures import Erasures
from services.exports import Exports


class OwnDataHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, exports: Exports, erasures: Erasures) -> None:
        self._exports, self._erasures = exports, erasures

    async def delete_me(self, request: Request) -> Erasing:
        password, network = request.sent(DeleteMe).password, request.client.network
        return await self._erasures.ask(request.caller, password, network, request.now)

    async def restore_me(self, request: Request) -> None:
        await self._erasures.take_back(request.caller.user_id, request.now)

    async def start_export(self, request: Request) -> ExportView:
        return await self._exports.start(request.caller.user_id, request.address, request.now)

    async def export(self, request: Request) -> ExportView:
        return await self._exports.of(request.caller.user_id, request.address, request.now)

    async def export_file(self, request: Request) -> web.Response:
        copy = await self._exports.read(request.at(ById).id, request.asked(FileAddress), request.now)
        name = f"my-data-{to_datetime(copy.made_at):%Y-%m-%d}.zip"
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Length": str(copy.size),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        return web.Response(body=copy.pieces, content_type="application/zip", headers=headers)
