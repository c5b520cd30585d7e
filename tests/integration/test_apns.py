"""A phone of Apple's rings while its app is closed, and stops: by a service that speaks as Apple's does."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from msgspec.structs import replace

from composition.realtime import running
from core.clock import now_ms
from core.settings import Settings
from db.postgres.devices import DeviceStore, Target
from db.postgres.pool import Pool
from tests.certificate import certificate
from tests.conftest import NewDatabase, NewRedis
from tests.integration.conftest import Meeting
from tests.integration.person import Person
from tests.integration.test_pushes import called
from tests.integration.test_returns import until
from tests.rest.apple import Answer, Apple, Heard, apple_serving
from tests.stores.world import world_at

TOPIC = "org.example.app"


@pytest.fixture(scope="module")
async def own_settings(settings: Settings, new_database: NewDatabase, new_redis: NewRedis) -> Settings:
    """Jobs of its own, which no other node does without asking Apple."""
    key = ec.generate_private_key(ec.SECP256R1())
    return replace(
        settings,
        database_url=await new_database(),
        redis_url=await new_redis(),
        push_apns=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        push_apns_key_id="ABC123DEFG",
        push_apns_team_id="DEF123GHIJ",
        push_apns_topic=TOPIC,
    )


@pytest.fixture(scope="module")
async def served(
    own_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Apple, str]]:
    """Apple, whom this machine trusts, and the product that knows no other."""
    signed: Path = certificate(tmp_path_factory.mktemp("apple"))
    apple = Apple()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(signed))
        async with (
            apple_serving(apple, signed) as server,
            running(replace(own_settings, push_apns_server=server)) as address,
        ):
            yield apple, address


@pytest.fixture
def apple(served: tuple[Apple, str]) -> Apple:
    served[0].answer = lambda _: Answer()
    return served[0]


@pytest.fixture
def here(served: tuple[Apple, str]) -> str:
    return served[1]


@pytest.fixture
async def pool(own_settings: Settings, here: str) -> AsyncIterator[Pool]:
    async with world_at(own_settings.database_url, migrated=True) as world:
        yield world.pool


class IPhone:
    """One of this person, where Apple knows it by these."""

    def __init__(self, owner: Person, apple: Apple) -> None:
        self.owner, self._apple = owner, apple
        self.shows_by, self.rings_by = f"a1{owner.id.replace('-', '')}", f"b2{owner.id.replace('-', '')}"

    async def named(self) -> "IPhone":
        tokens = {"service": "apns", "token": self.shows_by, "voip_token": self.rings_by}
        await self.names({"platform": "ios", **tokens})
        return self

    async def names(self, device: dict[str, str]) -> None:
        status, body = await self.owner.rest("PUT", "/v1/devices/iphone", json=device)
        assert status == 204, body

    async def hears(self, kind: str, about: str) -> Heard:
        def wanted(each: Heard) -> bool:
            said = each.payload.get("close") or each.payload["aps"].get("thread-id") or each.payload["id"]
            return each.token in {self.shows_by, self.rings_by} and (each.kind, said) == (kind, about)

        return await self._apple.hears(wanted, f"{kind} of {about}")

    async def is_known(self, pool: Pool, wanted: list[tuple[str | None, str | None]]) -> None:
        """By these tokens."""

        async def known() -> bool:
            found: list[Target] = await DeviceStore(pool).of_user(self.owner.id, now_ms())
            return [(each.token, each.voip_token) for each in found] == wanted

        await until(known, f"the phone is not known by {wanted}")


async def test_an_iphone_rings_until_nobody_answers_any_more(pair: Meeting, apple: Apple) -> None:
    """It names who calls; what ends that comes to the app, since no push that rings may."""
    connection = await pair.connect()
    his, ana = await IPhone(pair.he, apple).named(), await called(pair.she)
    await pair.ben.drop()
    invited = await pair.ana.ask("call:invite", connection_id=connection["id"], mode="voice")
    call_id = invited["call_id"]
    ring = await his.hears("voip", call_id)
    assert ring.token == his.rings_by
    assert (ring.headers["apns-topic"], ring.headers["apns-priority"]) == (f"{TOPIC}.voip", "10")
    assert ring.payload == {
        "aps": {},
        "id": call_id,
        "kind": "call",
        "url": "/#meet",
        "caller": ana,
        "video": False,
    }
    await pair.ana.ask("call:end", call_id=call_id)
    over = await his.hears("background", call_id)
    assert (over.token, over.headers["apns-topic"]) == (his.shows_by, TOPIC)
    assert over.payload["aps"] == {"content-available": 1}


async def test_a_message_is_shown_on_an_iphone(pair: Meeting, apple: Apple) -> None:
    """And goes from it once it was read elsewhere."""
    room = (await pair.connect())["room_id"]
    his = await IPhone(pair.he, apple).named()
    await pair.ben.drop()
    await pair.ana.ask("chat:send", room_id=room, client_id="m1", content="Are you there?")
    alert = {"title": await called(pair.she), "body": "Are you there?"}

    def says_so(each: Heard) -> bool:
        return each.token == his.shows_by and each.payload["aps"].get("alert") == alert

    shown = await apple.hears(says_so, "what she said")
    assert (shown.payload["url"], shown.headers["apns-collapse-id"]) == (f"/#room/{room}", room)
    back = await pair.he.connect("laptop")
    await back.ask("chat:read", room_id=room, seq=1)
    await his.hears("background", room)


async def test_an_iphone_that_rings_no_more_shows_who_calls(pair: Meeting, apple: Apple, pool: Pool) -> None:
    """Until that is gone as well; then it is not known any longer."""
    connection = await pair.connect()
    his = await IPhone(pair.he, apple).named()
    apple.answer = lambda each: Answer(410, "Unregistered") if each.token == his.rings_by else Answer()
    await pair.ben.drop()
    invited = await pair.ana.ask("call:invite", connection_id=connection["id"], mode="voice")
    shown = await his.hears("alert", invited["call_id"])
    assert shown.payload["aps"]["interruption-level"] == "time-sensitive"
    await his.is_known(pool, [(his.shows_by, None)])
    apple.answer = lambda each: Answer(400, "BadDeviceToken") if each.token == his.shows_by else Answer()
    await pair.ana.ask("call:end", call_id=invited["call_id"])
    await his.is_known(pool, [])


async def test_whoever_names_an_iphone_last_has_it(pair: Meeting, apple: Apple, pool: Pool) -> None:
    """By the token that rings, too; and a token that is none is refused."""
    his, hers = await IPhone(pair.he, apple).named(), IPhone(pair.she, apple)
    await hers.names({"platform": "ios", "token": "of Firebase", "voip_token": his.rings_by})
    await his.is_known(pool, [])
    await hers.is_known(pool, [("of Firebase", his.rings_by)])
    status, body = await pair.he.rest("PUT", "/v1/devices/x", json={"platform": "ios", "voip_token": "../x"})
    assert (status, body["code"]) == (400, "invalid_request"), body
