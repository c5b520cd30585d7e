"""PostgreSQL by TLS and password: what is wrong is one sentence at the start, which names the setting."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from composition.foundation import foundation
from core.environment import load
from db.outage import UnusableError
from db.postgres.pool import open_pool
from tests.certificate import certificate
from tests.machines.postgres_server import postgres_15, postgres_server
from tests.machines.room import room
from tests.patience import PATIENCE_S

PASSWORD = "correct-horse"
ENCRYPTED = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


@dataclass(frozen=True)
class Guarded:
    """Lets in by TLS and password alone. The wheel's PostgreSQL has no TLS."""

    port: int
    ca: Path
    other_ca: Path

    def url(self, *, password: str = PASSWORD, host: str = "127.0.0.1", ca: Path | None = None) -> str:
        asked = f"sslmode=verify-full&sslrootcert={ca or self.ca}"
        return f"postgresql://realtime:{password}@{host}:{self.port}/realtime?{asked}"


@pytest.fixture(scope="module")
async def guarded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Guarded]:
    ours, others = (certificate(tmp_path_factory.mktemp(name)) for name in ("ours", "others"))
    async with room() as place:
        key = place.place("tls") / "server.pem"
        key.write_bytes(ours.read_bytes())
        key.chmod(0o600)
        if place.account is not None:
            place.account.own(key)
        async with postgres_server(
            prefix=postgres_15(), tcp=True, ssl="on", ssl_cert_file=str(key), ssl_key_file=str(key)
        ) as server:
            await server.tell(f"ALTER ROLE realtime PASSWORD '{PASSWORD}'")
            (server.folder / "pg_hba.conf").write_text(
                "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n"
            )
            await server.tell("SELECT pg_reload_conf()")
            yield Guarded(server.port, ours, others)


async def test_it_is_encrypted(guarded: Guarded) -> None:
    pool = await open_pool(guarded.url(), size=1, patience_s=PATIENCE_S)
    assert await pool.fetchval(ENCRYPTED)
    await pool.close()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("password", "password authentication failed"),
        ("ca", "certificate verify failed: self-signed certificate"),
        ("no ca", "there is no file no-such-file (sslrootcert)"),
        ("host", "is not valid for '0.0.0.0'"),
        ("no tls", "no encryption"),
    ],
)
@pytest.mark.parametrize("setting", ["DATABASE_URL", "DATABASE_DIRECT_URL"])
async def test_what_is_wrong_is_one_sentence(
    guarded: Guarded, redis_url: str, wrong: str, said: str, setting: str, tmp_path: Path
) -> None:
    url = {
        "password": guarded.url(password="hunter2"),
        "ca": guarded.url(ca=guarded.other_ca),
        "no ca": guarded.url(ca=Path("no-such-file")),
        "host": guarded.url(host="0.0.0.0"),
        "no tls": guarded.url().replace("verify-full", "disable"),
    }[wrong]
    given = {"DATABASE_URL": guarded.url(), "REDIS_URL": redis_url, "DATA_DIR": str(tmp_path), setting: url}
    with pytest.raises(UnusableError) as told:
        async with foundation(load(given)):
            pass
    sentence = str(told.value)
    assert sentence.startswith("PostgreSQL cannot be used (")
    assert sentence.endswith(f"): see {setting}.")
    assert said in sentence, sentence
    assert "\n" not in sentence
    assert "hunter2" not in sentence
    assert PASSWORD not in sentence
