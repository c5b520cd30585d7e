"""Notifications as they leave to browsers: to real servers on this machine, in their protocol."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from core import base64url
from core.clock import now_ms
from core.errors import Unavailable
from core.web_push_key import CURVE, new_key, point, private_key, public_key
from db.postgres.devices import Target
from outside.public_addresses import NotPublic, PublicAddresses, check_public, is_public
from outside.pushes import Pushes
from outside.web_push import MOST_BYTES, WebPush, encrypted, message
from services.ports import AskAgain, Pushed, Refused, Undeliverable

PUSHED = Pushed(id="7", title="Ana wants to be your friend", body="", url="/#friends", topic="7", ttl_s=600)
OUR_KEY = new_key()


def test_what_is_sent_is_that_of_the_standard_s_example() -> None:
    """RFC 8291, 5 and appendix A."""
    keys = {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    }
    body = encrypted(
        b"When I grow up, I want to be a watermelon",
        keys,
        sender=private_key("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
        chance=lambda _: base64url.read("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    assert base64url.written(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
        "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
        "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


class Browser:
    """Somebody who is subscribed, and reads what comes."""

    def __init__(self, endpoint: str = "") -> None:
        self._key, self._auth = ec.generate_private_key(CURVE), b"sixteen bytes ok"
        self.target = Target(
            device_id="browser",
            platform="web",
            subscription={
                "endpoint": endpoint,
                "keys": {"p256dh": self._point, "auth": base64url.written(self._auth)},
            },
        )

    @property
    def _point(self) -> str:
        return base64url.written(point(self._key.public_key()))

    def read(self, body: bytes) -> Any:
        """RFC 8291, 3.4, from the other end."""
        salt, sender, sealed = body[:16], body[21:86], body[86:]
        shared = self._key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, sender))
        info = b"WebPush: info\x00" + base64url.read(self._point) + sender
        material = HKDF(SHA256(), 32, self._auth, info).derive(shared)
        key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(material)
        nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(material)
        opened = AESGCM(key).decrypt(nonce, sealed, None)
        assert opened[-1:] == b"\x02"
        return json.loads(opened[:-1])


class Service:
    """One that answers so, to whatever it is asked; what it was asked, and on how many connections."""

    def __init__(self, status: int = 201, answer: Any = None, **headers: str) -> None:
        self.status, self.answer, self.headers = status, answer, headers
        self.connections: set[Any] = set()
        self.asked: list[tuple[str, Mapping[str, str], bytes]] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append((request.path, request.headers, await request.read()))
        self.connections.add(request.transport and request.transport.get_extra_info("peername"))
        if request.path == "/token":
            return web.json_response({"access_token": "a token", "expires_in": 3600})
        if self.answer is None:
            return web.Response(status=self.status, headers=self.headers)
        return web.json_response(self.answer, status=self.status, headers=self.headers)


@asynccontextmanager
async def serving(service: Service) -> AsyncIterator[str]:
    """Its address."""
    app = web.Application()
    app.router.add_post("/{path:.*}", service.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def to_browsers(*, anywhere: bool = True) -> AsyncIterator[WebPush]:
    push = WebPush(private_key(OUR_KEY), contact="mailto:us@example.org", clock=now_ms, anywhere=anywhere)
    try:
        yield push
    finally:
        await push.close()


class ToBrowsers:
    """To browsers, to each by itself: nothing has to be closed."""

    async def send(self, device: Target, pushed: Pushed) -> None:
        async with to_browsers() as push:
            await push.send(device, pushed)


async def test_a_browser_reads_what_was_sent_and_knows_from_whom() -> None:
    """Nobody between could: a service has a body without a meaning, and who we are."""
    service = Service()
    async with serving(service) as address, to_browsers() as browsers:
        browser = Browser(f"{address}/send/1")
        push = Pushes(web=browsers, phones=None)
        await push.send(browser.target, PUSHED)
        await push.send(browser.target, PUSHED)
    (path, headers, body), (_, again, other) = service.asked
    assert path == "/send/1"
    assert browser.read(body) == {
        "id": "7",
        "title": "Ana wants to be your friend",
        "body": "",
        "url": "/#friends",
        "tag": "7",
    }
    assert b"Ana" not in body
    assert body[:16] != other[:16]  # no salt is used twice
    assert (headers["TTL"], headers["Urgency"]) == ("600", "normal")
    assert headers["Topic"] == again["Topic"]
    token, _, key = headers["Authorization"].removeprefix("vapid t=").partition(", k=")
    assert key == public_key(OUR_KEY)
    claims = jwt.decode(token, private_key(OUR_KEY).public_key(), ["ES256"], audience=address)
    assert claims["sub"] == "mailto:us@example.org"
    assert 0 < claims["exp"] - now_ms() // 1000 <= 24 * 3600


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (404, Undeliverable),
        (410, Undeliverable),
        (401, Refused),
        (403, Refused),
        (307, AskAgain),
        (429, AskAgain),
        (503, AskAgain),
    ],
)
async def test_what_a_push_service_refuses(status: int, error: type[Exception]) -> None:
    """Who is not subscribed any more is not tried again; a service that is busy says when."""
    service = Service(status, Location="/elsewhere", **{"Retry-After": "120"})
    async with serving(service) as address, to_browsers() as push:
        with pytest.raises(error) as raised:
            await push.send(Browser(f"{address}/send/secret").target, PUSHED)
    assert len(service.asked) == 1
    assert "secret" not in str(raised.value)
    if isinstance(raised.value, AskAgain):
        assert raised.value.after_ms == 120_000


async def test_no_push_service_is_an_outage() -> None:
    async with serving(Service()) as address:
        pass
    async with to_browsers() as push:
        with pytest.raises(Unavailable):
            await push.send(Browser(f"{address}/send/1").target, PUSHED)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://127.0.0.1/a",
        "https://[::1]/a",
        "https://[::ffff:10.0.0.1]/a",
        "https://169.254.169.254/latest",
        "https://localhost/a",
        "http://push.example.org/a",
        "https://user@push.example.org/a",
        "https://push.example.org:8443/a",
        "https://",
    ],
)
async def test_nothing_is_sent_to_where_only_we_are(endpoint: str) -> None:
    """Whoever names an address of ours makes us ask nobody, and loses the subscription."""
    async with to_browsers(anywhere=False) as push:
        with pytest.raises(Undeliverable):
            await push.send(Browser(endpoint).target, PUSHED)


def test_public_is_what_everybody_reaches() -> None:
    for address in (
        "10.1.2.3",
        "192.168.0.1",
        "fe80::1%eth0",
        "::ffff:127.0.0.1",
        "224.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::7f00:1",
        "::127.0.0.1",
        "fec0::1",
        "168.63.129.16",
        "2001:0:7f00:1::",
    ):
        assert not is_public(address)
    for address in ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"):
        assert is_public(address)
        check_public(f"https://[{address}]/a" if ":" in address else f"https://{address}/a")


async def test_a_name_that_leads_to_us_is_no_way_round() -> None:
    with pytest.raises(NotPublic):
        await PublicAddresses().resolve("localhost", 443)


@pytest.mark.parametrize("keys", [{}, {"p256dh": "AAAA", "auth": "AAAA"}, {"p256dh": "é", "auth": "AAAA"}])
async def test_keys_that_are_none_are_forgotten(keys: Mapping[str, str]) -> None:
    broken = Target(
        device_id="b", platform="web", subscription={"endpoint": "https://a.example", "keys": keys}
    )
    async with to_browsers() as push:
        with pytest.raises(Undeliverable):
            await push.send(broken, PUSHED)


@given(title=st.text(max_size=200), body=st.text(max_size=5000), url=st.none() | st.text(max_size=500))
def test_whatever_is_said_fits_into_a_record(title: str, body: str, url: str | None) -> None:
    said = message(Pushed(id="7", title=title, body=body, url=url, topic="7", ttl_s=0))
    assert len(said) <= MOST_BYTES
    assert json.loads(said)["title"] == title
