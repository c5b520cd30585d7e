"""Serves the pages: themselves asked for anew each time, their files cached for good, named by content."""

import asyncio
import re
from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from realtime.bundle import LANGUAGES, PAGES, TEXTS, Asset, Bundle, NotInstalled, bundle, newest
from realtime.ways import Ways

_POLICY = (
    "default-src 'self'; script-src 'self'{scripts}; connect-src 'self'{sockets}; "
    "media-src 'self' blob:{media}; img-src 'self' data: blob:{media}{tiles}; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(?::\d{1,5})?|\[[0-9a-fA-F:.]{2,45}\](?::\d{1,5})?")
_HEADERS = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Encoding",
}
_ASK_AGAIN = "no-cache"  # and be answered 304 while it is the same
_KEEP = "public, max-age=31536000, immutable"
_KEEP_NOT = "no-store"
# What the page reads of a provider's answer; with a code it could do nothing.
_SAID = ("state", "id_token", "error", "user")


class Site:
    """The pages, made of their source as it was when one of them was last asked for; pictures are read at
    `media` too, if that is another place than this server, and those of maps where the ways say.
    """

    def __init__(self, ways: Ways, media: str) -> None:
        self._ways, self._media = ways, media
        self._tiles = ways.map.origin if ways.map else ""
        self._bundle: Bundle | None = None
        self._made_of = 0
        self._making = asyncio.Lock()

    async def page(self, request: web.Request) -> web.StreamResponse:
        """A page itself."""
        page = (await self._newest()).pages[request.path]
        return self._answer(request, page.asset, _ASK_AGAIN, page.scripts)

    async def came_back(self, request: web.Request) -> web.StreamResponse:
        """Somebody was at a provider that answers by a form, which no script of the page could read: what it
        says comes after the `#`, as those of others do. Whether it was asked for, the page knows.
        """
        if request.content_type != "application/x-www-form-urlencoded":
            raise web.HTTPBadRequest
        form = await request.post()
        said = {name: form[name] for name in _SAID if isinstance(form.get(name), str)}
        # Not by an exception, which would write the address anew, and what is quoted in it.
        there = {"Location": f"/#{urlencode(said)}" if said else "/", "Cache-Control": _KEEP_NOT}
        return web.Response(status=303, headers={**_HEADERS, **there})

    async def text(self, request: web.Request) -> web.StreamResponse:
        """A page to read, in the language that the address names, else the browser."""
        text = (await self._newest()).texts[request.path[1:], _language(request)]
        answer = self._answer(request, text, _ASK_AGAIN)
        answer.headers["Vary"] = "Accept-Encoding, Accept-Language"
        return answer

    async def worker(self, request: web.Request) -> web.StreamResponse:
        """What opens the page without a network; browsers look for a newer one by themselves."""
        return self._answer(request, (await self._newest()).worker, _ASK_AGAIN)

    async def file(self, request: web.Request) -> web.StreamResponse:
        """One of their files. A name of another version, during a deploy, gets this version's file."""
        bundled, name = self._bundle or await self._newest(), request.match_info["name"]
        if asset := bundled.files.get(name):
            return self._answer(request, asset, _ASK_AGAIN if name.endswith(".map") else _KEEP)
        if asset := bundled.current(name):
            return self._answer(request, asset, _KEEP_NOT)
        raise web.HTTPNotFound

    async def _newest(self) -> Bundle:
        async with self._making:
            source = newest()
            if self._bundle is None or source != self._made_of:
                try:
                    self._bundle = await asyncio.to_thread(bundle, self._ways)
                except NotInstalled as error:
                    raise web.HTTPNotFound(text=str(error)) from error
                self._made_of = source
            return self._bundle

    def _answer(
        self, request: web.Request, asset: Asset, cache: str, scripts: Sequence[str] = ()
    ) -> web.Response:
        # Weak: the same content, in whichever encoding.
        headers = {
            **_HEADERS,
            "Content-Security-Policy": _policy(
                request.headers.get("Host", ""), scripts, self._media, self._tiles
            ),
            "Cache-Control": cache,
            "ETag": f'W/"{asset.digest}"',
        }
        if any(tag.value == asset.digest for tag in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        if asset.packed is None:
            return web.Response(body=asset.plain, content_type=asset.content_type, headers=headers)
        body = asset.plain
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            body, headers["Content-Encoding"] = asset.packed, "gzip"
        return web.Response(body=body, content_type=asset.content_type, charset="utf-8", headers=headers)


def _language(request: web.Request) -> str:
    """The first that there is of what is asked for; browsers name the ones that they like best first."""
    liked = request.headers.get("Accept-Language", "").split(",")
    asked = [request.query.get("lang", ""), *(tag.partition(";")[0].strip() for tag in liked)]
    known = (tag.lower()[:2] for tag in asked if tag.lower()[:2] in LANGUAGES)
    return next(known, next(iter(LANGUAGES)))


async def _to_admin(_request: web.Request) -> web.StreamResponse:
    raise web.HTTPPermanentRedirect("/admin/")


def _policy(host: str, scripts: Sequence[str], media: str, tiles: str) -> str:
    """Sockets of this host alone: for older browsers 'self' has none, so it is named, if it is a name."""
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    listed = "".join(f" {script}" for script in scripts)
    shown = {"media": media and f" {media}", "tiles": tiles and f" {tiles}"}
    return _POLICY.format(sockets=sockets, scripts=listed, **shown)


def _origin(url: str) -> str:
    """Scheme, host and port, as a Content-Security-Policy names them."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def mount(app: web.Application, ways: Ways, *, media_url: str) -> None:
    """Add the routes of the pages. `media_url`: where pictures are read, if not here."""
    site = Site(ways, _origin(media_url))
    for address in PAGES:
        app.router.add_get(address, site.page)
    app.router.add_post("/", site.came_back)
    app.router.add_get("/admin", _to_admin)
    for text in TEXTS:
        app.router.add_get(f"/{text}", site.text)
    app.router.add_get("/sw.js", site.worker)
    app.router.add_get("/page/{name}", site.file)
