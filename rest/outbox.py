"""`/dev/outbox`: what would have been sent by mail or SMS, for developers. There in development alone.

What is in it lets one sign in as anybody, so it is for browsers on this machine: no page of others can read
it, though its name led here, and no proxy passes it on.
"""

from collections.abc import Awaitable, Callable
from html import escape
from ipaddress import ip_address

import msgspec
from aiohttp import web

from core.clock import rfc3339
from services.ports import Sent

Newest = Callable[[], Awaitable[list[bytes]]]
_HERE = ("localhost", "127.0.0.1", "[::1]")
_PASSED_ON = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "Via")
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Outbox</title></head>
<body><h1>Outbox</h1><p>What would have been sent, the newest first.</p>{shown}</body></html>
"""
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class OutboxPage:
    """As HTML, or as JSON where that is asked for: `{"items": […]}`."""

    def __init__(self, newest: Newest) -> None:
        self._newest = newest

    async def show(self, request: web.Request) -> web.Response:
        """To developers; to all others there is no such page."""
        if not is_here(request.remote, request.host, any(name in request.headers for name in _PASSED_ON)):
            raise web.HTTPNotFound
        items = [msgspec.json.decode(each, type=Sent) for each in await self._newest()]
        if "application/json" in request.headers.get("Accept", ""):
            return web.Response(
                body=msgspec.json.encode({"items": [_said(each) for each in items]}),
                content_type="application/json",
                headers=_HEADERS,
            )
        shown = "".join(map(_shown, items)) or "<p>Nothing yet.</p>"
        return web.Response(text=_PAGE.format(shown=shown), content_type="text/html", headers=_HEADERS)


def is_here(remote: str | None, host: str, passed_on: bool) -> bool:
    """Whether somebody on this machine asks for this machine by its own name, and no proxy asks for them."""
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    try:
        return not passed_on and name in _HERE and ip_address(remote or "").is_loopback
    except ValueError:
        return False


def mount(app: web.Application, newest: Newest) -> None:
    """Add its route."""
    app.router.add_get("/dev/outbox", OutboxPage(newest).show)


def _said(sent: Sent) -> dict[str, str | None]:
    return {
        "by": sent.by,
        "to": sent.to,
        "subject": sent.subject,
        "text": sent.text,
        "at": rfc3339(sent.at),
    }


def _shown(sent: Sent) -> str:
    title = " · ".join(filter(None, (sent.by, sent.to, sent.subject, rfc3339(sent.at))))
    return f"<article><h2>{escape(title)}</h2><pre>{escape(sent.text)}</pre></article>"
