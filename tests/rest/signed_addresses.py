"""Uploads and signed addresses for `test_every_error.py`."""

from typing import Any, Protocol
from urllib.parse import urlsplit

from msgspec import structs

from core.contract.index import ENDPOINTS
from core.wire.endpoint import Endpoint
from db.objects.store import object_store
from services.exports import MakeExport
from tests.rest.conftest import SETTINGS
from tests.rest.pictures import form
from tests.rest.server import Answer, RestServer


class Uploader(Protocol):
    """Who asks for them."""

    rest: RestServer
    signed_in: Any
    folder: str

    def body(self, endpoint: Endpoint) -> Any:
        """One that is accepted."""

    async def ask(self, endpoint: Endpoint, **what: Any) -> Answer:
        """The good request, but for what is given."""


async def address(someone: Uploader, endpoint: Endpoint) -> str:
    """A signed one."""
    if endpoint.name == "send_upload":
        return (await announced(someone))[1]
    if endpoint.name == "export_file":
        return await exported(someone)
    named = {endpoint.name: endpoint for endpoint in ENDPOINTS}
    purpose = "report" if endpoint.name == "original_media" else "photo"
    sent = form(someone.body(named["upload_media"]), purpose)
    media = await someone.ask(named["upload_media"], data=sent)
    seen = await someone.ask(named["media"], path=f"/v1/media/{media.body['id']}")
    parts = urlsplit(seen.body["urls"]["original"])
    return f"{parts.path}?{parts.query}"


async def exported(someone: Uploader) -> str:
    """Of a copy of somebody's own data; it is made where the jobs are done."""
    rest, token = someone.rest, someone.signed_in["access_token"]
    await rest.ask("POST", "/v1/me/export", token=token)
    query = "SELECT id FROM identity.exports WHERE user_id = $1"
    export_id = await rest.world.pool.fetchval(query, someone.signed_in["user"]["id"])
    await rest.own_data.exports.make(MakeExport(export_id=export_id))
    view = (await rest.ask("GET", "/v1/me/export", token=token)).body
    parts = urlsplit(view["url"])
    return f"{parts.path}?{parts.query}"


async def announced(someone: Uploader, size: int = 10_000) -> tuple[str, str]:
    """An upload that was announced: its id, and where it is to be sent."""
    plan = {"purpose": "photo", "content_type": "image/png", "size": size}
    token = someone.signed_in["access_token"]
    target = (await someone.rest.ask("POST", "/v1/media/uploads", token=token, json=plan)).body
    parts = urlsplit(target["url"])
    return target["id"], f"{parts.path}?{parts.query}"


async def completed(someone: Uploader, data: bytes | None, size: int = 10_000) -> Answer:
    """One that is completed after these bytes have come."""
    media_id, _ = await announced(someone, size)
    if data is not None:
        store = object_store(structs.replace(SETTINGS, data_dir=someone.folder))
        await store.put(f"photo/{media_id}.sent", data)
    token = someone.signed_in["access_token"]
    return await someone.rest.ask("POST", f"/v1/media/{media_id}/complete", token=token)
