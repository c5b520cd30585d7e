"""Encryption of what is stored of people: begun while nodes run, another key, another secret."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from redis.asyncio import Redis

from composition.foundation import held
from composition.operations import Refused, operate
from core.fields import FIELDS, Fields
from core.keys import Keyring
from core.personal_data import TABLES
from core.tasks import beside
from db.outage import UnusableError
from db.postgres.data_keys import KeyStore
from db.postgres.personal_data import PersonalData
from db.postgres.pool import Pool
from db.postgres.sealed_rows import SealedRows
from db.redis.multiplexed import RedisClient
from realtime.arguments import parse
from services.data_keys import KeyMissing, KeyWatch
from services.encryption import Encryption, NotYet
from tests.conftest import NewDatabase
from tests.patience import PATIENCE_S
from tests.rest.conftest import SETTINGS
from tests.rest.phones import Phone
from tests.rest.server import RestServer, new_person, serving
from tests.stores.world import World

REPORTED, DECIDED, APPEALED = "they asked for money", "has done so before", "it was not me"
ONE, TWO = "k1:the first key of the operator is long", "k2:the second key of the operator is long"
IN_CLEAR = " UNION ALL ".join(
    f"SELECT '{f.table}.{f.column}', {f.column} FROM {f.table} WHERE NOT starts_with({f.column}, chr(1))"
    for f in FIELDS
)

NUMBER = "SELECT subject_hash FROM identity.logins WHERE provider = 'phone'"
HASHES = "SELECT email_hash FROM identity.users WHERE email IS NOT NULL"
UNDER_ONE = "SELECT count(*) FROM identity.users WHERE starts_with(email, chr(1) || 'k1:')"


@pytest.fixture
async def database_url(new_database: NewDatabase) -> str:
    """All that is in it is encrypted."""
    return await new_database()


class Nodes:
    """Nodes on one database, and the operator's command."""

    def __init__(self, world: World, redis: Redis, redis_client: RedisClient, folder: Path) -> None:
        self._world, self._redis, self._redis_client = world, redis, redis_client
        self.settings = structs.replace(SETTINGS, data_dir=str(folder))
        self.said: list[str] = []

    @asynccontextmanager
    async def node(self, name: str, keys: str = "", **changes: Any) -> AsyncIterator[RestServer]:
        """A node that looks for keys all the time, with these `DATA_KEYS`."""
        settings = structs.replace(self.settings, data_keys=keys, **changes)
        keyring = Keyring.of(settings)
        watch = KeyWatch(KeyStore(self._world.pool), keyring, name)
        await watch.look()
        async with (
            beside(_again(watch)),
            serving(self._world, self._redis, self._redis_client, settings, keyring=keyring) as rest,
        ):
            yield rest
        await watch.leave()

    def command(self, keys: str = "", **changes: Any) -> Encryption:
        keyring = Keyring.of(structs.replace(self.settings, data_keys=keys, **changes))
        pool = self._world.pool
        return Encryption(KeyStore(pool), SealedRows(pool), keyring, self.said.append)

    async def in_clear(self) -> list[tuple[str, str]]:
        return [tuple(row) for row in await self._world.pool.fetch(IN_CLEAR)]


async def _again(watch: KeyWatch) -> None:
    while True:
        await watch.look()
        await asyncio.sleep(0.05)


@pytest.fixture
async def nodes(world: World, redis: Redis, redis_client: RedisClient, tmp_path: Path) -> Nodes:
    return Nodes(world, redis, redis_client, tmp_path)


async def found(rest: RestServer, account: Any) -> None:
    """They sign in by their address, however it is written, and see it; nobody else gets it."""
    email = account["user"]["email"]
    signed_in = await rest.login(email.upper())
    assert signed_in.status == 200, signed_in.body
    assert signed_in.body["user"]["email"] == email
    ways = await rest.ask("GET", "/v1/me/logins", token=signed_in.body["access_token"])
    assert [way["hint"] for way in ways.body["items"]] == [email]
    again = await rest.ask("POST", "/v1/auth/register", json=new_person(email=email.title()))
    assert again.code == "conflict"


async def test_it_is_begun_while_nodes_run(nodes: Nodes, world: World) -> None:
    """Nobody writes what another node cannot read; then all is sealed, also what comes meanwhile."""
    async with AsyncExitStack() as stack, asyncio.timeout(PATIENCE_S):
        one = await stack.enter_async_context(nodes.node("one", ONE))
        early = await one.sign_up()
        async with nodes.node("late") as late:
            accounts = [early, await late.sign_up()]
            with pytest.raises(NotYet, match="process late does not have the key 'k1'"):
                await nodes.command(ONE).encrypt()
            assert {email for _, email in await nodes.in_clear()} >= {
                each["user"]["email"] for each in accounts
            }
        two = await stack.enter_async_context(nodes.node("two", ONE))
        accounts.append(await two.sign_up())
        moderation = Moderation(one)
        await moderation.report(accounts[0], accounts[1])

        async def come() -> None:
            while True:
                accounts.extend([await one.sign_up(), await two.sign_up()])

        async with beside(come()):
            assert await nodes.command(ONE).encrypt() == "Everything is encrypted with the first key."
        assert await nodes.in_clear() == []
        assert any("identity.users.email: " in line for line in nodes.said)
        for account in accounts[:3] + accounts[-2:]:
            await found(one, account)
            await found(two, account)
        await moderation.decide_and_appeal()
        assert await nodes.in_clear() == []
        assert await moderation.read(two) == [REPORTED, DECIDED, APPEALED]


async def test_what_is_sealed_serves_as_before(nodes: Nodes, world: World) -> None:
    """Searches of moderators, mail, another address, copies of one's data, erasure."""
    async with nodes.node("one", ONE) as rest, asyncio.timeout(PATIENCE_S):
        await nodes.command(ONE).encrypt()
        ana = await rest.sign_up()
        user_id, token, email = ana["user"]["id"], ana["access_token"], ana["user"]["email"]
        assert await nodes.in_clear() == []
        await world.pool.execute("UPDATE identity.users SET role = 'moderator' WHERE id = $1", user_id)
        for asked, many in ((email.upper(), 1), (email[:-4], 0)):
            people = await rest.ask("GET", f"/v1/admin/users?q={asked}", token=token)
            assert [each["email"] for each in people.body["items"] if each["id"] == user_id] == [email] * many

        forgot = await rest.ask("POST", "/v1/auth/password/forgot", json={"email": email.upper()})
        assert forgot.status == 202
        body = {"token": await rest.link_to(email), "password": "another horse battery"}
        assert (await rest.ask("POST", "/v1/auth/password/reset", json=body)).status == 204
        token = (await rest.login(email, "another horse battery")).body["access_token"]
        body = {"email": f"new-{email}", "password": "another horse battery"}
        assert (await rest.ask("POST", "/v1/auth/email/change", json=body, token=token)).status == 202
        link = {"token": await rest.link_to(f"new-{email}")}
        assert (await rest.ask("POST", "/v1/auth/email/verify", json=link)).status == 204
        assert (await rest.login(email, "another horse battery")).code == "unauthenticated"
        assert (await rest.login(f"new-{email}", "another horse battery")).status == 200

        told = await copies(rest, user_id, "identity.users")
        assert [each["email"] for each in told] == [f"new-{email}"]


class Moderation:
    """What somebody reports, a moderator decides, and the other one says to that."""

    def __init__(self, rest: RestServer) -> None:
        self._rest = rest

    async def report(self, by: Any, whom: Any) -> None:
        self._whom, rest = whom, self._rest
        body = {"subject": {"type": "user", "id": whom["user"]["id"]}, "reason": "spam", "note": REPORTED}
        answer = await rest.ask("POST", "/v1/reports", token=by["access_token"], json=body)
        assert answer.status == 201, answer.body
        self._staff = await rest.sign_up()
        await rest.world.set_role(self._staff["user"]["id"], "moderator")
        self._case = await rest.world.pool.fetchval("SELECT id FROM safety.cases")

    async def decide_and_appeal(self) -> None:
        rest, token = self._rest, self._staff["access_token"]
        path, body = f"/v1/admin/reports/{self._case}/decide", {"action": "warn", "note": DECIDED}
        decided = await rest.ask("POST", path, token=token, json=body)
        assert decided.status == 200, decided.body
        strike = await rest.world.pool.fetchval("SELECT id FROM safety.strikes")
        path, key = f"/v1/me/strikes/{strike}/appeal", {"Idempotency-Key": "appealed"}
        token = (await rest.login(self._whom["user"]["email"])).body["access_token"]
        for _ in range(2):  # the second time from what is kept
            answer = await rest.ask("POST", path, token=token, json={"text": APPEALED}, headers=key)
            assert (answer.status, answer.body["text"]) == (201, APPEALED), answer.body
        kept = await rest.world.pool.fetchval(
            "SELECT string_agg(answer::text, '') FROM identity.idempotent_requests"
        )
        assert APPEALED not in kept

    async def read(self, rest: RestServer) -> list[str]:
        """What the moderator reads, at any node."""
        token = self._staff["access_token"]
        case = (await rest.ask("GET", f"/v1/admin/reports/{self._case}", token=token)).body
        appeals = (await rest.ask("GET", "/v1/admin/appeals", token=token)).body
        return [case["reports"][0]["note"], case["decision"]["note"], appeals["items"][0]["text"]]


async def copies(rest: RestServer, user_id: str, name: str) -> list[dict[str, Any]]:
    """What somebody would be told of this table."""
    table = next(each for each in TABLES if each.name == name)
    data = PersonalData(rest.world.pool, Fields(rest.keyring))
    return [
        json.loads(row) async for rows in data.rows(table, user_id, rest.clock(), since=0) for row in rows
    ]


async def test_a_key_is_changed_for_another(nodes: Nodes, world: World) -> None:
    """It may be broken off; the key before is needed until nothing is under it, and a start says so."""
    async with nodes.node("one", ONE) as rest:
        ana = await rest.sign_up()
        await nodes.command(ONE).encrypt()
    both = f"{TWO},{ONE}"
    async with nodes.node("one", both) as rest, asyncio.timeout(PATIENCE_S):
        ben = await rest.sign_up()
        assert await world.pool.fetchval(UNDER_ONE) == 2
        assert "values are still encrypted with 'k1'" in await nodes.command(both).encrypt()
        await rest.work()  # mail that waited
        assert await nodes.command(both).encrypt() == "Everything is encrypted with the first key."
        assert any("'k1' any more" in line for line in nodes.said)
        for account in (ana, ben):
            await found(rest, account)
    async with nodes.node("one", TWO) as rest:
        await found(rest, ana)
    for keys, says in (
        (ONE, "does not have the key 'k2'"),
        ("", "does not have the key 'k2'"),
        ("k2:another key than that of the operator", "is another one than that"),
    ):
        with pytest.raises(UnusableError, match=says):
            await refused(nodes, world.pool, keys)
    with pytest.raises(NotYet, match="'k1' was that of another key"):
        await nodes.command(f"k1:yet another key of the one operator,{TWO}").encrypt()


async def test_it_is_not_begun_while_a_node_has_another_key_of_that_id(nodes: Nodes, world: World) -> None:
    """Nobody could read what is written. A node that lacks a key says on that it is there."""
    other = "k1:another key than that of the operator"
    async with nodes.node("one", other), asyncio.timeout(PATIENCE_S):
        with pytest.raises(NotYet, match="one does not have the key 'k1', or has another one of that id"):
            await nodes.command(ONE).encrypt()
    store = KeyStore(world.pool)
    assert await store.begun() == []
    await nodes.command(ONE).encrypt()
    with pytest.raises(KeyMissing):
        await KeyWatch(store, Keyring.of(structs.replace(nodes.settings, data_keys=other)), "late").look()
    assert [each.node for each in await store.holders(PATIENCE_S)] == ["late"]
    with pytest.raises(UnusableError, match="is another one than that"):
        await refused(nodes, world.pool, other)
    assert [each.node for each in await store.holders(PATIENCE_S)] == ["late"], "it has not started"


async def by_phone(rest: RestServer, number: str) -> str:
    """Whose number it is."""
    phone = Phone(rest, number)
    rest.clock.advance(s=31)
    answer = await phone.show(await phone.code())
    assert answer.status == 200, answer.body
    found: str = answer.body["user"]["id"]
    return found


async def refused(nodes: Nodes, pool: Pool, keys: str) -> None:
    async with held(pool, structs.replace(nodes.settings, data_keys=keys), "one"):
        pytest.fail("it has started")


async def test_the_secret_is_changed_and_everybody_signs_in(nodes: Nodes, world: World) -> None:
    """Also those who rest for longer than the secret before is kept, and who sign in by phone alone."""
    async with nodes.node("one", ONE) as rest:
        phone = Phone(rest)
        cat, ana = await phone.sign_up(), await rest.sign_up()
        body = {"contacts": [{"phone": phone.number}]}
        sent = await rest.ask("POST", "/v1/contacts", json=body, token=ana["access_token"])
        assert sent.status == 200, sent.body
        await nodes.command(ONE).encrypt()
    changed = {"secret": "another secret of the operator, long"}
    async with nodes.node("two", ONE, **changed) as rest, asyncio.timeout(PATIENCE_S):
        await found(rest, ana)
        assert await by_phone(rest, phone.number) == cat["user"]["id"]
        # The keys by which they are found are changed too.
        with pytest.raises(NotYet, match="has another SECRET"):
            await nodes.command(ONE).rehash()
        before = await world.pool.fetch(HASHES)
        assert "found by the new key" in await nodes.command(ONE, **changed).rehash()
        after = await world.pool.fetch(HASHES)
        assert not set(before) & set(after)
        await found(rest, ana)
        assert await by_phone(rest, phone.number) == cat["user"]["id"]
        kept = await world.pool.fetch("SELECT user_id, mark FROM social.contacts")
        assert [row["user_id"] for row in kept] == [cat["user"]["id"]]
        assert kept[0]["mark"] == await world.pool.fetchval(NUMBER)


async def test_without_keys_logins_are_stored_by_the_new_secret(nodes: Nodes) -> None:
    """So those who do not sign in while both are set are found afterwards."""
    old, new = SETTINGS.secret, "another secret of the operator, long"
    async with nodes.node("one") as rest:
        phone = Phone(rest)
        cat = await phone.sign_up()
    both = {"secret": new, "secret_previous": old}
    async with nodes.node("one", **both):
        with pytest.raises(NotYet, match="another SECRET"):
            await nodes.command().encrypt()
        assert (await nodes.command(**both).encrypt()).endswith("is sealed with SECRET.")
    async with nodes.node("one", secret=new) as rest:
        assert await by_phone(rest, phone.number) == cat["user"]["id"]
    with pytest.raises(NotYet, match="1 logins were sealed with neither"):
        await nodes.command(ONE).encrypt()
    async with nodes.node("one", ONE, secret="a secret after that one, which is long", secret_previous=old):
        late = {"secret": "a secret after that one, which is long"}
        with pytest.raises(NotYet, match="or SECRET_PREVIOUS"):
            await nodes.command(ONE, **late).encrypt()
        assert (await nodes.command(ONE, **late, secret_previous=old).encrypt()).startswith("1 values could")


async def test_an_operator_sees_what_is_encrypted(
    database_url: str, nodes: Nodes, capsys: pytest.CaptureFixture[str]
) -> None:
    """On the command line, as other commands; also those that name an account by its address."""
    async with nodes.node("one", ONE) as rest:
        ana = await rest.sign_up()
        settings = structs.replace(nodes.settings, data_keys=ONE, database_url=database_url)
        said = await operate(settings, parse(None, ["data-keys", "status"]))
        assert "nothing is encrypted with it yet" in said
        assert "identity.users.email: 1 in clear" in said
        assert "process one has k1, and writes in clear" in said
        await operate(settings, parse(None, ["data-keys", "encrypt"]))
        assert "identity.users.email: 1 seen, 1 changed; that is all" in capsys.readouterr().out
        assert "identity.users.email: 1 under 'k1'" in await operate(
            settings, parse(None, ["data-keys", "status"])
        )
        named = await operate(settings, parse(None, ["role", ana["user"]["email"].upper(), "admin"]))
        assert named.endswith("is now: admin.")
        with pytest.raises(Refused, match="does not have the key 'k1'"):
            await operate(structs.replace(settings, data_keys=""), parse(None, ["role", "ana", "admin"]))
