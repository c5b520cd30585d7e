"""`python -m realtime demo`: fills a town and lets bots wait in it, or takes it away."""

import argparse
import asyncio
import base64
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import aiohttp
import structlog
from msgspec.structs import replace

from composition import open_files
from composition.program import serve
from composition.realtime import running
from core.ending import Ending
from core.keys import Keyring
from core.settings import Settings
from core.tasks import end
from db.embedded import EmbeddedServers
from db.migrations.migrate import migrate
from db.outage import needed
from demo.bots import wait, waiting
from demo.filling.filler import NoTown, fill
from demo.plan.people import people
from demo.plan.sizes import Sizes
from demo.removing import remove
from demo.words import there

_ROOT = Path(__file__).resolve().parents[1]
_ANSWERS_S, _STOP_S = 3.0, 5.0
_NEVER = "A demo is never made in production (ENVIRONMENT): its people are known to everybody by name."
_T = TypeVar("_T")
_log = structlog.get_logger()


class Runner(Protocol):
    """Runs a program to its end."""

    def __call__(self, program: Coroutine[Any, Any, _T], /) -> _T:
        """What it gives."""


def run(settings: Settings, asked: argparse.Namespace, through: Runner) -> int:
    """The exit code. Raises what a program that starts does."""
    if settings.environment == "production":
        sys.stderr.write(f"{_NEVER}\n")
        return 2
    if asked.stop:
        return _ended(through, _stop(settings))
    url = (asked.url or f"http://localhost:{settings.port}").rstrip("/")
    if asked.url or through(_answers(url)):
        open_files.for_a_command()
        return _ended(through, _fill(settings, asked, url))
    open_files.for_a_server(settings)
    through(serve(partial(_served, settings, asked), "Realtime Connect"))
    return 0


def password(settings: Settings) -> str:
    """That of everybody in the town. Whoever does not know SECRET cannot guess it."""
    found = base64.b32encode(Keyring.of(settings).keys("password of a demo")[0].value).decode().lower()
    return "-".join(found[at : at + 4] for at in (0, 4, 8))


@asynccontextmanager
async def _served(settings: Settings, asked: argparse.Namespace, ending: Ending) -> AsyncIterator[str]:
    """A server, and beside it a process that fills it, and ends with it."""
    async with running(settings, ending, echo_at_once=True) as address:
        sizes = (f"--{name}={getattr(asked, name)}" for name in ("people", "places", "seed", "bots"))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "realtime", "demo", "--of-node", f"--url={address}", *sizes),
            cwd=_ROOT,
            stdin=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the server, which ends it
        )
        try:
            yield address
        finally:
            assert process.stdin is not None
            process.stdin.close()
            with suppress(TimeoutError):
                async with asyncio.timeout(_STOP_S):
                    await process.wait()
            if process.returncode is None:
                process.kill()
                await process.wait()


async def _fill(settings: Settings, asked: argparse.Namespace, url: str) -> None:
    work = asyncio.create_task(_filled(settings, asked, url))
    if not asked.of_node:
        await work
        return
    gone = asyncio.create_task(_left_alone())
    await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
    await end([gone])
    if work.done():
        work.result()
    await end([work])


async def _filled(settings: Settings, asked: argparse.Namespace, url: str) -> None:
    sizes = Sizes(seed=asked.seed, people=asked.people, places=asked.places)
    if not await _answers(url):
        raise NoTown(f"No server answers at {url}.")
    async with _stores(settings) as there_are:
        known = partial(_try_door, url, word=password(settings))
        filled = await fill(there_are, sizes, password(settings), _say, known)
    everybody = people(Sizes(seed=filled.town.seed, people=filled.town.people, places=filled.town.places))
    bots = waiting(everybody, asked.bots)
    _say(there(filled, url, everybody, password(settings), bots))
    if bots:
        await wait(url, bots, password(settings), filled.town.seed)
        _say("Nobody of the town waits any more.")


async def _try_door(url: str, username: str, user_id: str, *, word: str) -> None:
    """Raises `NoTown` where the server does not know this user of the town, or has another secret."""
    login = {"login": username, "password": word}
    async with aiohttp.ClientSession() as web:
        async with web.post(f"{url}/v1/auth/login", json=login) as response:
            signed_in = await response.json(content_type=None)
        if response.status != 200 or signed_in["user"]["id"] != user_id:
            raise NoTown(
                f"The server at {url} does not know {username}, or not this password: start this with the"
                " settings of that server (DATABASE_URL and REDIS_URL, or DATA_DIR, and SECRET). `python -m"
                " realtime demo --stop` with the settings of now takes away what was begun."
            )
        token = {"Authorization": f"Bearer {signed_in['access_token']}"}
        async with web.post(f"{url}/v1/auth/logout", json={}, headers=token):
            return


async def _stop(settings: Settings) -> None:
    async with _stores(settings) as there_are:
        if await remove(there_are, _say):
            _say("The town is gone.")
        else:
            _say("There is no town.")


@asynccontextmanager
async def _stores(settings: Settings) -> AsyncIterator[Settings]:
    """The settings with the URLs of PostgreSQL and Redis, which run until the end of the block at least."""
    async with EmbeddedServers.reached(
        Path(settings.data_dir),
        postgres=not settings.database_url,
        redis=not settings.redis_url,
        log=_log.info,
    ) as urls:
        database_url = settings.database_url or urls.database_url
        with needed("PostgreSQL", "DATABASE_URL"):
            await migrate(settings.database_direct_url or database_url, _log)
        redis_url = settings.redis_url or urls.redis_url
        yield replace(settings, database_url=database_url, redis_url=redis_url)


async def _answers(url: str) -> bool:
    """Whether this product answers there."""
    try:
        async with (
            asyncio.timeout(_ANSWERS_S),
            aiohttp.ClientSession() as web,
            web.get(f"{url}/healthz") as response,
        ):
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False


async def _left_alone() -> None:
    """Until whoever has started this is gone."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


def _ended(through: Runner, work: Coroutine[Any, Any, None]) -> int:
    try:
        through(work)
    except NoTown as why:
        sys.stderr.write(f"{why}\n")
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def _say(line: str) -> None:
    print(line, flush=True)
