"""JavaScript that is run by Node: the whole path on the official client, and the page's pure modules."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.programs import missing
from tests.served import ROOT, Served

HERE = Path(__file__).parent
LIMIT_S = 60.0


@pytest.fixture(scope="session")
async def server(nodes_database_url: str, nodes_redis_url: str) -> AsyncIterator[Served]:
    """A process of its own, with a queue of its own."""
    server = Served(
        DATABASE_URL=nodes_database_url,
        REDIS_URL=nodes_redis_url,
        REGION="node",
    )
    await server.start()
    yield server
    await server.stop()


def node_path() -> str:
    """The one that was installed with the packages; else one on PATH."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    node = shutil.which("node", path=path)
    if node is None:
        missing("Node is missing: `make test` installs it")
    return node


async def run_tests(script: str, **environment: str) -> None:
    """Run one file of `node:test`; its own report is shown when something fails."""
    process = await asyncio.create_subprocess_exec(
        node_path(),
        "--test",
        "--test-reporter=spec",
        str(HERE / script),
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(LIMIT_S):
            report, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, report.decode()


@pytest.mark.parametrize("transports", ["websocket", "polling", "polling,websocket"])
async def test_the_official_client_walks_the_whole_path(server: Served, transports: str) -> None:
    """Over WebSocket alone, over long-polling alone, and as it is by default, with the upgrade."""
    await run_tests("whole_path.test.mjs", ADDRESS=server.address, TRANSPORTS=transports)


async def test_the_page_s_own_rules() -> None:
    """Reducer, outbox and words."""
    await run_tests("state.test.mjs")


async def test_how_the_page_sends_messages() -> None:
    """In order, once each, whatever is lost."""
    await run_tests("sending.test.mjs")


async def test_the_page_s_rules_about_people() -> None:
    """Friends, requests, photos."""
    await run_tests("people.test.mjs")


async def test_the_page_s_rules_about_calls_that_people_make() -> None:
    """Ringing, echo, devices, quality, verdicts."""
    await run_tests("calling.test.mjs")


async def test_the_page_s_rules_about_checking_in_and_rewards() -> None:
    """The journey, codes, the wallet."""
    await run_tests("journey.test.mjs")


async def test_the_page_s_rules_about_posts() -> None:
    """Feed, comments, uploads."""
    await run_tests("posts.test.mjs")


async def test_the_page_s_languages() -> None:
    """Each has all texts, and nothing else has any."""
    await run_tests("words.test.mjs")


async def test_the_page_s_settings() -> None:
    """Switches stay as they are put; another language is tried once."""
    await run_tests("settings.test.mjs")


async def test_the_rules_of_the_moderators_page() -> None:
    """What can be done with a case, and what stays on the screen."""
    await run_tests("admin.test.mjs")


async def test_how_a_call_is_drawn() -> None:
    """The moderators' page draws the timeline of a call."""
    await run_tests("timeline.test.mjs")
