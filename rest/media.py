"""Uploading media, and who is shown them. Decides nothing: `services.uploads` and `services.media` do."""

from collections.abc import Callable, Mapping

from aiohttp import web

from core.contract import media as contract
from core.contract.media import FileAddress, FileOf, MediaView, SignedAddress, UploadPlan, UploadTarget
from core.errors import InvalidRequest
from core.file_names import disposition
from core.vocabulary import MediaPurpose
from core.wire.endpoint import ById
from db.postgres.media_views import MediaViews, at_server
from rest.http.accepts import accepts
from rest.http.body import too_large
from rest.http.request import Request
from rest.http.uploads import File
from services.media import File as MediaFile
from services.media import MediaService, Viewer
from services.media_rules import AVIF, checked_purpose
from services.upload_limits import UploadLimits
from services.uploads import Uploads

# A file that is opened by itself runs nothing. Evidence stays nowhere; what is shown may be shown anywhere.
_ALONE = {
    "Content-Disposition": "inline",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}
_NOWHERE = {**_ALONE, "Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin"}
_ANYWHERE = {**_ALONE, "Cross-Origin-Resource-Policy": "cross-origin"}


class MediaHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(
        self, media: MediaService, uploads: Uploads, limits: UploadLimits, views: MediaViews
    ) -> None:
        self._media, self._uploads, self._limits, self._views = media, uploads, limits, views

    async def upload_media(self, request: Request) -> MediaView:
        owner = request.caller.user_id
        with self._limits.one(owner) as more:
            purpose, data, called = await self._form(request, more)
            media = await self._uploads.upload(owner, purpose, data, request.key, called)
        return at_server(self._views.view(media), request.address)

    async def announce_upload(self, request: Request) -> UploadTarget:
        plan, owner = request.sent(UploadPlan), request.caller.user_id
        return await self._uploads.announce(owner, plan, request.address, request.key, request.now)

    async def send_upload(self, request: Request) -> None:
        media = await self._uploads.expected(request.at(ById).id, request.asked(FileAddress), request.now)
        with self._limits.one(media.owner_id) as more:
            data = await self._read(request.uploaded, more, most=media.size)
            await self._uploads.receive(media, data)

    async def complete_upload(self, request: Request) -> MediaView:
        owner = request.caller.user_id
        with self._limits.one(owner) as more:
            media = await self._uploads.complete(request.at(ById).id, owner, more)
        return at_server(self._views.view(media), request.address)

    async def media(self, request: Request) -> MediaView:
        viewer, media_id = Viewer(request.caller.user_id, request.staff), request.at(ById).id
        return await self._media.shown(media_id, viewer, request.address, request.now)

    async def delete_media(self, request: Request) -> None:
        await self._media.delete(request.at(ById).id, request.caller.user_id, request.now)

    async def original_media(self, request: Request) -> web.Response:
        address = request.asked(SignedAddress)
        file = await self._media.original(request.at(ById).id, address, request.now)
        return _response(file, _NOWHERE)

    async def media_file(self, request: Request) -> web.Response:
        asked, address = request.at(FileOf), request.asked(FileAddress)
        part = request.ranged.of if request.ranged else None
        file = await self._media.file(
            asked.id, asked.name, address, request.now, part, avif=accepts(request.accept, "image/avif")
        )
        kept = f"public, max-age={max(0, address.expires - request.now // 1000)}, immutable"
        headers = {**_ANYWHERE, "Cache-Control": kept, "ETag": file.tag, "Accept-Ranges": "bytes"}
        if asked.name in AVIF:
            headers["Vary"] = "Accept"
        return _response(file, headers) if file.part is None else _part(file, file.part, headers)

    async def _form(
        self, request: Request, more: Callable[[int], None]
    ) -> tuple[MediaPurpose, bytes, str | None]:
        """Its two parts, in whichever order, and what the file is called.

        A purpose that is not served is refused at once.
        """
        purpose: MediaPurpose | None = None
        data, called = b"", None
        async for part in request.parts:
            if part.name == "file":
                data, called = await self._read(part, more, most=self._limits.max_bytes), part.called
            else:
                purpose = checked_purpose((await part.read()).decode(errors="replace").strip())
        assert purpose is not None  # the form has it, or is refused
        if not data:
            raise InvalidRequest("This file is empty.", details={"field": "file", "reason": "empty"})
        return purpose, data, called

    async def _read(self, part: File, more: Callable[[int], None], *, most: int) -> bytes:
        data = bytearray()
        async for chunk in part:
            if len(data) + len(chunk) > most:
                raise too_large(most, part.name or None)
            more(len(chunk))
            data += chunk
        return bytes(data)


def _response(file: MediaFile, headers: Mapping[str, str]) -> web.Response:
    return web.Response(body=file.data, content_type=file.content_type, headers=_as_it_is(file, headers))


def _part(file: MediaFile, part: range, headers: Mapping[str, str]) -> web.Response:
    if not part:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{file.size}"})
    within = {**_as_it_is(file, headers), "Content-Range": f"bytes {part.start}-{part.stop - 1}/{file.size}"}
    return web.Response(status=206, body=file.data, content_type=file.content_type, headers=within)


def _as_it_is(file: MediaFile, headers: Mapping[str, str]) -> Mapping[str, str]:
    """What is kept as it came is not opened by a browser."""
    if file.length is not None:
        headers = {**headers, "Content-Length": str(file.length)}
    if file.content_type != "application/octet-stream":
        return headers
    return {**headers, "Content-Disposition": disposition(file.name)}
