"""A Redis with TLS, a password and users: in by what is right, else one sentence that names the setting."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from core.contract.calls import CallEnded
from core.ids import new_id
from core.settings import Settings
from db.outage import UnusableError, needed
from db.redis.bus import Bus
from db.redis.event_log import EventLog, channel
from db.redis.multiplexed import open_redis_client
from tests.certificate import certificate
from tests.machines.redis_server import RedisServer, redis_7, redis_server
from tests.patience import PATIENCE_S

SECRET = "a secret of Redis"
# As docs/operations.md has it.
RIGHTS = "on >of-realtime ~* &* +@all -@admin -@dangerous +info +cluster|slots +cluster|nodes +wait"


@asynccontextmanager
async def guarded(folder: Path) -> AsyncIterator[RedisServer]:
    """By TLS alone, for who has the password, or is the user `realtime`; `narrow` has no channels."""
    async with redis_server(binary=redis_7(), password=SECRET, tls=certificate(folder)) as server:
        async with open_redis_client(server.near) as client:
            await client.command("ACL", "SETUSER", "realtime", *RIGHTS.split())
            await client.command("ACL", "SETUSER", "narrow", *RIGHTS.replace("&*", "resetchannels").split())
        yield server


async def start(redis_url: str, redis_ca: object = "") -> str:
    """What is said where a program begins with this Redis, as in `composition/foundation.py`."""
    with pytest.raises(UnusableError) as said, needed("Redis", "REDIS_URL"):
        async with (
            asyncio.timeout(PATIENCE_S),
            open_redis_client(redis_url, ca=str(redis_ca), patience_s=Settings().patience_s) as client,
            Bus(client, "node"),
        ):
            pass
    return str(said.value)


async def test_by_tls_a_user_of_its_own_may_do_all_that_is_needed(tmp_path: Path) -> None:
    """With the certificate's CA in a setting; events are stored, announced and heard."""
    user, heard = new_id(), asyncio.Event()
    async with guarded(tmp_path) as server:
        url = f"rediss://realtime:of-realtime@127.0.0.1:{server.port}"
        ca = str(tmp_path / "certificate.pem")
        async with open_redis_client(url, ca=ca) as client, Bus(client, "node") as bus:
            await bus.subscribe(channel(user), lambda _: heard.set())
            log = EventLog(client, keep=10, keep_s=60)
            await log.send(user, CallEnded(call_id=new_id(), reason="hung_up", duration_s=1))
            async with asyncio.timeout(PATIENCE_S):
                await heard.wait()
            assert (await log.tail(user)).length == 1
            assert client.version >= (7,)


async def test_whoever_is_not_let_in_says_why_and_which_setting(tmp_path: Path) -> None:
    """Whatever is wrong, in one sentence, without the password."""
    ca, gone = tmp_path / "certificate.pem", tmp_path / "gone.pem"
    async with guarded(tmp_path) as server, redis_server(tcp=True) as plain:
        place = f"127.0.0.1:{server.port}"
        said = await asyncio.gather(
            start(f"rediss://:a-guess@{place}", ca),
            start(f"rediss://{place}", ca),
            start(f"rediss://:a-guess@{place}"),
            start(f"rediss://:a-guess@{place}", gone),
            start(f"redis://:a-guess@{place}"),
            start(f"rediss://127.0.0.1:{plain.port}"),
            start(f"rediss://narrow:of-realtime@{place}", ca),
        )
    wrong, nobody, stranger, no_file, open_wire, no_tls, narrow = said
    for sentence in said:
        assert sentence.startswith("Redis cannot be used (")
        assert sentence.endswith("): see REDIS_URL.")
        assert "a-guess" not in sentence
    assert "it does not let us in by this user and password: invalid username-password pair" in wrong
    assert "it does not let us in by this user and password: HELLO must be called with" in nobody
    assert "its certificate is not trusted, by REDIS_CA: self-signed certificate" in stranger
    assert f"its CA in {gone} (REDIS_CA) cannot be read: No such file or directory" in no_file
    assert "(with TLS it would be rediss://)" in open_wire
    assert "with TLS, as rediss:// says" in no_tls
    assert "no permissions to access one of the channels" in narrow
