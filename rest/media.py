"""Uploading pictures, and who is shown them. Decides nothing: `services.media` does."""

from collections.abc import Callable

from aiohttp import web
from msgspec import UNSET

from core.contract import media as contract
from core.contract.media import MediaUrls, MediaView, SignedAddress
from core.errors import InvalidRequest
from core.vocabulary import MediaPurpose
from core.wire.endpoint import ById
from rest.http.body import too_large
from rest.http.request import Request
from rest.http.uploads import File
from services.media import MediaService, Shown, UploadLimits, Viewer
from services.media_rules import checked_purpose

# A picture that is opened by itself runs nothing, and stays nowhere.
_ALONE = {
    "Cache-Control": "no-store",
    "Content-Disposition": 'inline; filename="picture.jpg"',
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class MediaHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, media: MediaService, limits: UploadLimits) -> None:
        self._media, self._limits = media, limits

    async def upload_media(self, request: Request) -> MediaView:
        owner = request.caller.user_id
        with self._limits.one(owner) as more:
            purpose, data = await self._form(request, more)
            media = await self._media.upload(owner, purpose, data, request.key)
        return _view(Shown(media))

    async def media(self, request: Request) -> MediaView:
        viewer, media_id = Viewer(request.caller.user_id, request.staff), request.at(ById).id
        return _view(await self._media.shown(media_id, viewer, request.address, request.now))

    async def delete_media(self, request: Request) -> None:
        await self._media.delete(request.at(ById).id, request.caller.user_id, request.now)

    async def original_media(self, request: Request) -> web.Response:
        address = request.asked(SignedAddress)
        picture = await self._media.original(request.at(ById).id, address, request.now)
        return web.Response(body=picture, content_type="image/jpeg", headers=_ALONE)

    async def _form(self, request: Request, more: Callable[[int], None]) -> tuple[MediaPurpose, bytes]:
        """Its two parts, in whichever order. A purpose that is not served is refused at once."""
        purpose: MediaPurpose | None = None
        data = b""
        async for part in request.parts:
            if part.name == "file":
                data = await self._read(part, more)
            else:
                purpose = checked_purpose((await part.read()).decode(errors="replace").strip())
        assert purpose is not None  # the form has it, or is refused
        if not data:
            raise InvalidRequest("`file` is empty.", details={"field": "file"})
        return purpose, data

    async def _read(self, part: File, more: Callable[[int], None]) -> bytes:
        data = bytearray()
        async for chunk in part:
            if len(data) + len(chunk) > self._limits.max_bytes:
                raise too_large(self._limits.max_bytes, part.name)
            more(len(chunk))
            data += chunk
        return bytes(data)


def _view(shown: Shown) -> MediaView:
    media = shown.media
    return MediaView(
        id=media.id,
        type=media.type,
        state=media.state,
        size=media.size,
        urls=MediaUrls(original=shown.original or UNSET),
        reason=media.reason or UNSET,
        width=media.width or UNSET,
        height=media.height or UNSET,
    )
