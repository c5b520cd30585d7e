"""Notifications as they leave to iPhones: to a server on this machine that speaks HTTP/2 over TLS."""

import asyncio
import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.clock import now_ms
from core.errors import Unavailable
from db.postgres.devices import Target
from outside.apns import Apns
from outside.apns_token import ApnsAccount, apns_key
from outside.apns_words import closing, ringing, showing
from outside.pushes import Pushes
from services.ports import AskAgain, Misconfigured, Push, Pushed, Ring, RingsNoMore, Undeliverable
from tests.certificate import certificate
from tests.patience import PATIENCE_S
from tests.rest.apple import (
    CUT_OFF,
    GOES_AWAY,
    LAST,
    LATER,
    RESET,
    SILENT,
    Answer,
    Apple,
    Heard,
    apple_serving,
)

PUSHED = Pushed(id="7", title="Ana", body="Are you there?", url="/#room/9", topic="9", ttl_s=600)
CALL = Pushed(
    id="8",
    kind="call",
    title="Ana calls you",
    body="Video call",
    url="/#meet",
    topic="8",
    ttl_s=30,
    urgent=True,
    ring=Ring(caller="Ana", video=True),
)
OVER = Pushed(id="8", kind="over", title="", body="", topic="8", ttl_s=60, closes=("8", "9"), urgent=True)
PHONE = Target(device_id="phone", platform="ios", service="apns", token="a1", voip_token="b2")
KEY = ec.generate_private_key(ec.SECP256R1())
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
NOW = 1_700_000_000_000
MINUTE = 60_000


class Clock:
    """Goes on as it is told."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("apple"))


@pytest.fixture
def sending(certified: Path) -> Callable[..., "Sending"]:
    return lambda apple, **how: Sending(apple, certified, **how)


class Sending:
    """Us, beside that server."""

    def __init__(self, apple: Apple, certified: Path, **how: Any) -> None:
        self.apple, self._certified, self._how = apple, certified, how
        self.clock = Clock()

    async def __aenter__(self) -> Push:
        self._serving = apple_serving(self.apple, self._certified)
        address = await self._serving.__aenter__()
        account = ApnsAccount(key=KEY, key_id="ABC123DEFG", team_id="DEF123GHIJ", topic="org.example.app")
        trust = ssl.create_default_context(cafile=str(self._certified))
        self._apns = Apns(account, self.clock, service=address, trust=trust, **self._how)
        return Pushes(apple=self._apns)

    async def __aexit__(self, *_: object) -> None:
        await self._apns.close()
        await self._serving.__aexit__(None, None, None)


Send = Callable[..., Sending]


async def test_an_iphone_is_sent_what_it_shows(sending: Send) -> None:
    """In the name of a team, over one connection."""
    apple = Apple()
    async with sending(apple) as push:
        await push.send(PHONE, PUSHED)
        await push.send(PHONE, replace(PUSHED, urgent=True, body=""))
    first, second = apple.heard
    assert first.token == "a1"
    assert {name: said for name, said in first.headers.items() if name.startswith("apns-")} == {
        "apns-topic": "org.example.app",
        "apns-push-type": "alert",
        "apns-priority": "5",
        "apns-expiration": str(NOW // 1000 + 600),
        "apns-collapse-id": "9",
    }
    assert first.payload == {
        "aps": {
            "alert": {"title": "Ana", "body": "Are you there?"},
            "thread-id": "9",
            "mutable-content": 1,
        },
        "id": "7",
        "kind": "notification",
        "url": "/#room/9",
    }
    assert (second.headers["apns-priority"], second.payload["aps"]["alert"]) == ("10", {"title": "Ana"})
    assert jwt.get_unverified_header(first.signed) == {"alg": "ES256", "kid": "ABC123DEFG", "typ": "JWT"}
    assert jwt.decode(first.signed, KEY.public_key(), ["ES256"]) == {"iss": "DEF123GHIJ", "iat": NOW // 1000}
    assert len(apple.connections) == 1


async def test_a_call_rings_by_itself_and_what_ends_it_does_not(sending: Send) -> None:
    """Whatever comes by PushKit has to report a call: so the end of one comes to the app another way."""
    apple = Apple()
    async with sending(apple) as push:
        await push.send(PHONE, CALL)
        await push.send(PHONE, OVER)
        await push.send(replace(PHONE, voip_token=None), CALL)
    ring, over, shown = apple.heard
    assert (ring.token, ring.kind, ring.headers["apns-topic"]) == ("b2", "voip", "org.example.app.voip")
    assert (ring.headers["apns-priority"], ring.headers["apns-expiration"]) == ("10", str(NOW // 1000 + 30))
    assert ring.payload == {
        "aps": {},
        "id": "8",
        "kind": "call",
        "url": "/#meet",
        "caller": "Ana",
        "video": True,
    }
    assert (over.token, over.kind, over.headers["apns-topic"]) == ("a1", "background", "org.example.app")
    assert (over.headers["apns-priority"], over.headers["apns-collapse-id"]) == ("5", "8")
    assert over.payload == {"aps": {"content-available": 1}, "id": "8", "kind": "over", "close": "8 9"}
    assert (shown.token, shown.kind) == ("a1", "alert")
    assert shown.payload["aps"]["interruption-level"] == "time-sensitive"


async def test_firebase_and_apple_share_an_iphone(sending: Send) -> None:
    """Its token is Firebase's, and only a call goes by Apple; who only rings is shown nothing."""
    apple, firebase = Apple(), Apart()
    async with sending(apple) as push:
        both = Pushes(apple=push, phones=firebase)
        mixed = Target(device_id="phone", platform="ios", token="of Firebase", voip_token="b2")
        for pushed in (PUSHED, CALL, OVER):
            await both.send(mixed, pushed)
            await both.send(replace(mixed, token=None), pushed)
        android = Target(device_id="phone", platform="android", service="apns", token="of Firebase")
        await both.send(android, PUSHED)
    assert [each.kind for each in apple.heard] == ["voip", "voip"]
    assert [pushed.id for pushed in firebase.sent] == ["7", "8", "7"]
    unset = Pushes(phones=firebase)
    await unset.send(mixed, CALL)
    assert firebase.sent[-1] == CALL  # shown, where nobody can ring
    await unset.send(PHONE, PUSHED)
    assert len(firebase.sent) == 4


class Apart:
    """Another service."""

    def __init__(self) -> None:
        self.sent: list[Pushed] = []

    async def send(self, device: Target, pushed: Pushed) -> None:
        self.sent.append(pushed)


@pytest.mark.parametrize(
    ("status", "reason", "error"),
    [
        (410, "Unregistered", Undeliverable),
        (410, "ExpiredToken", Undeliverable),
        (410, "", Undeliverable),
        (400, "BadDeviceToken", Undeliverable),
        (400, "DeviceTokenNotForTopic", Undeliverable),
        (400, "BadTopic", Misconfigured),
        (400, "IdleTimeout", AskAgain),
        (403, "InvalidProviderToken", Misconfigured),
        (403, "ExpiredProviderToken", AskAgain),
        (413, "PayloadTooLarge", Misconfigured),
        (429, "TooManyRequests", AskAgain),
        (429, "TooManyProviderTokenUpdates", AskAgain),
        (500, "InternalServerError", AskAgain),
        (503, "Shutdown", AskAgain),
        (307, "", AskAgain),
    ],
)
async def test_what_apple_refuses(sending: Send, status: int, reason: str, error: type[Exception]) -> None:
    """Only what is gone is forgotten, and of who rings the ringing alone; who is busy says until when."""
    apple = Apple(lambda _: Answer(status, reason, {"retry-after": "120", "location": "/elsewhere"}))
    async with sending(apple) as push:
        with pytest.raises(error) as raised:
            await push.send(PHONE, PUSHED)
        assert len(apple.heard) == 1
        with pytest.raises(RingsNoMore if error is Undeliverable else error):
            await push.send(PHONE, CALL)
    assert "a1" not in str(raised.value)
    if isinstance(raised.value, AskAgain) and reason != "ExpiredProviderToken":
        assert raised.value.after_ms == 120_000


@pytest.mark.parametrize("token", ["", "../a1", "a1/b2", "a1?x", "Firebase's:APA91b"])
async def test_what_is_no_token_of_apple_s_is_asked_for_nowhere(sending: Send, token: str) -> None:
    apple = Apple()
    async with sending(apple) as push:
        with pytest.raises(Undeliverable):
            await push.send(replace(PHONE, token=token), PUSHED)
        with pytest.raises(RingsNoMore):
            await push.send(replace(PHONE, voip_token=token), CALL)
    assert apple.heard == []


async def test_our_token_is_made_anew_before_it_is_an_hour_old(sending: Send) -> None:
    """And never oftener than Apple takes."""
    apple, us = Apple(), None
    us = sending(apple)
    async with us as push:
        for _ in range(13):
            await push.send(PHONE, PUSHED)
            us.clock.now += 10 * MINUTE
    made = [jwt.decode(each.signed, options={"verify_signature": False})["iat"] for each in apple.heard]
    minutes = sorted({(at - NOW // 1000) // 60 for at in made})
    assert minutes == [0, 50, 100]


async def test_a_token_that_is_over_before_its_time_costs_nobody_a_pause(sending: Send) -> None:
    """All who were refused with it share the next one; one that is too young is not made again."""
    good: set[str] = set()
    apple = Apple(lambda each: Answer() if each.signed in good else Answer(403, "ExpiredProviderToken"))
    us = sending(apple)
    async with us as push:
        with pytest.raises(AskAgain) as raised:
            await push.send(PHONE, PUSHED)
        assert raised.value.after_ms == 20 * MINUTE
        old = apple.heard[0].signed
        assert [each.signed for each in apple.heard] == [old]
        us.clock.now += 21 * MINUTE
        apple.answer = lambda each: Answer(403, "ExpiredProviderToken") if each.signed == old else Answer()
        await asyncio.gather(*(push.send(PHONE, PUSHED) for _ in range(5)))
    assert len({each.signed for each in apple.heard}) == 2


@pytest.mark.parametrize("end", [CUT_OFF, GOES_AWAY, RESET])
async def test_a_connection_that_ends_costs_no_push(sending: Send, end: int) -> None:
    """Not even the one on its way: it is asked for once more, on another connection."""
    apple = Apple()
    async with sending(apple) as push:
        await push.send(PHONE, PUSHED)
        ended: list[Heard] = []

        def once(each: Heard) -> Answer:
            ended.append(each)
            return Answer(end) if len(ended) == 1 else Answer()

        apple.answer = once
        for _ in range(3):
            await push.send(PHONE, PUSHED)
    assert len(apple.heard) == 5
    assert len(apple.connections) == (1 if end == RESET else 2)


async def test_a_connection_that_ended_while_nobody_looked_costs_no_push(sending: Send) -> None:
    """However often, and with many at once."""
    apple = Apple()
    async with sending(apple) as push:
        for _ in range(12):
            await asyncio.gather(*(push.send(PHONE, PUSHED) for _ in range(5)))
            for each in apple.connections:
                each.end()
    assert len(apple.heard) >= 60


async def test_a_server_that_shuts_down_keeps_nobody_waiting(sending: Send) -> None:
    """Though it answers what was asked before, and many wait there: each is sent, at once."""
    apple = Apple(lambda _: Answer())
    async with sending(apple, timeout_s=PATIENCE_S) as push:
        await push.send(PHONE, PUSHED)
        apple.answer = lambda _: Answer(
            {51: LAST}.get(len(apple.heard), LATER if len(apple.heard) < 51 else 200)
        )
        async with asyncio.timeout(PATIENCE_S / 2):
            await asyncio.gather(*(push.send(PHONE, PUSHED) for _ in range(50)))
    assert len(apple.heard) >= 51
    assert len(apple.connections) == 2


async def test_many_at_once_share_a_connection_that_takes_one_by_one(sending: Send) -> None:
    """As Apple's do until they know who we are."""
    apple = Apple(at_once=1)
    async with sending(apple) as push:
        await asyncio.gather(*(push.send(PHONE, replace(PUSHED, id=str(n))) for n in range(20)))
    assert sorted(int(each.payload["id"]) for each in apple.heard) == list(range(20))
    [connection] = apple.connections
    assert connection.at_most == 1


async def test_who_does_not_answer_is_an_outage(sending: Send) -> None:
    """And is asked on another connection the next time."""
    apple = Apple(lambda _: Answer(SILENT))
    async with sending(apple, timeout_s=0.2) as push:
        with pytest.raises(Unavailable, match="Timeout"):
            await push.send(PHONE, PUSHED)
    apple = Apple(lambda each: Answer(SILENT) if len(apple.heard) == 1 else Answer())
    async with sending(apple, timeout_s=8) as push:
        with pytest.raises(Unavailable, match="Timeout"):
            await push.send(PHONE, PUSHED)
        await push.send(PHONE, PUSHED)
    assert len(apple.connections) == 2


async def test_nobody_there_is_an_outage(sending: Send) -> None:
    us = sending(Apple())
    async with us as push:
        pass
    with pytest.raises(Unavailable):
        await push.send(PHONE, PUSHED)


async def test_only_apple_is_told(certified: Path) -> None:
    """Whoever else answers there is told nothing, not even for whom it is."""
    apple = Apple()
    async with apple_serving(apple, certified) as address:
        account = ApnsAccount(key=KEY, key_id="ABC123DEFG", team_id="DEF123GHIJ", topic="org.example.app")
        stranger = Apns(account, now_ms, service=address)
        with pytest.raises(Unavailable):
            await stranger.send(PHONE, PUSHED)
        await stranger.close()
    assert apple.heard == []


@given(title=st.text(max_size=200), body=st.text(max_size=5000), topic=st.text(max_size=100))
def test_whatever_is_said_fits(title: str, body: str, topic: str) -> None:
    """Into what Apple takes, with the whole title."""
    said = Pushed(id="7", title=title, body=body, url="/#room/9", topic=topic, ttl_s=0)
    words = showing(said, "org.example.app", NOW)
    assert len(words.payload) <= 4096
    assert json.loads(words.payload)["aps"]["alert"]["title"] == title
    assert len(words.headers["apns-collapse-id"].encode()) <= 64


def test_fifty_of_those_that_are_over_fit() -> None:
    closes = tuple("01234567-89ab-cdef-0123-456789abcdef" for _ in range(50))
    assert len(closing(replace(OVER, closes=closes), "org.example.app", NOW).payload) <= 4096


def test_a_ring_without_words_names_nobody() -> None:
    words = ringing(CALL, Ring(caller="", video=False), "org.example.app", NOW)
    assert json.loads(words.payload) == {
        "aps": {},
        "id": "8",
        "kind": "call",
        "url": "/#meet",
        "video": False,
    }


def test_a_key_is_read_from_a_file_or_a_setting(tmp_path: Path) -> None:
    file = tmp_path / "AuthKey_ABC123DEFG.p8"
    file.write_text(PEM)
    for given_so in (str(file), PEM, PEM.replace("\n", "\\n")):
        assert apns_key(given_so).private_numbers() == KEY.private_numbers()


def test_what_is_no_key_of_apple_s_is_said_to_be_none(tmp_path: Path) -> None:
    """Without repeating what it is."""
    other = rsa.generate_private_key(65537, 2048).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    broken = PEM.replace("M", "N")
    for wrong in (str(tmp_path / "none.p8"), other.decode(), broken, "-----BEGIN PRIVATE KEY-----\nsecret"):
        with pytest.raises(OSError, match="PUSH_APNS: ") as raised:
            apns_key(wrong)
        assert "PRIVATE" not in str(raised.value)
