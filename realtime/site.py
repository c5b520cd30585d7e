"""Serves the page: its own files, and the official client script that npm installed."""

from pathlib import Path

from aiohttp import web

PAGE = Path(__file__).resolve().with_name("page")
CLIENT = (
    Path(__file__).resolve().parents[1]
    / "node_modules"
    / "socket.io-client"
    / "dist"
    / "socket.io.esm.min.js"
)

_POLICY = (
    "default-src 'self'; connect-src 'self' ws: wss:; media-src 'self' blob:; img-src 'self' data: blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",  # asked again, and answered 304 while it is the same
}


async def _index(_request: web.Request) -> web.StreamResponse:
    return web.FileResponse(PAGE / "index.html", headers=_HEADERS)


async def _file(request: web.Request) -> web.StreamResponse:
    path = _inside(request.match_info["path"])
    if path is None:
        raise web.HTTPNotFound
    return web.FileResponse(path, headers=_HEADERS)


def _inside(name: str) -> Path | None:
    """The file of the page that this names, or None."""
    try:
        path = (PAGE / name).resolve()
        return path if path.is_relative_to(PAGE) and path.is_file() else None
    except (ValueError, OSError):  # a NUL, or a name that is too long for any file
        return None


async def _client(_request: web.Request) -> web.StreamResponse:
    if not CLIENT.is_file():
        raise web.HTTPNotFound(text="The client script is not installed: run `make page`.")
    return web.FileResponse(CLIENT, headers=_HEADERS)


def mount(app: web.Application) -> None:
    """Add the page's routes."""
    app.router.add_get("/", _index)
    app.router.add_get("/page/{path:.+}", _file)
    app.router.add_get("/vendor/socket.io.esm.min.js", _client)
