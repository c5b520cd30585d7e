"""How long two browsers take until both hear each other, as the timelines of their calls say."""

import asyncio
import os
import shutil
from collections.abc import Sequence

import asyncpg
import msgspec

from bench.commands.stacks import Node
from signaling.timeline import Note, read
from tests.browser.conftest import WINDOWED, launched
from tests.browser.person import Visitor

_WITHIN_S = 60
_ENDED = "SELECT call_id, events FROM interaction.call_timelines ORDER BY ended_at DESC LIMIT $1"


async def timelines(node: Node, database: asyncpg.Connection, calls: int) -> list[Sequence[Note]]:
    """Of so many calls of two pages. Browsers run wherever there is room."""
    if not any(map(shutil.which, WINDOWED)):
        return []
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    async with launched(*WINDOWED) as browser:
        pages = [await Visitor.visit(browser, node.address, name) for name in ("Ana", "Ben")]
        for page, gender in zip(pages, ("female", "male"), strict=True):
            await page.sign_up(gender=gender)
        for _ in range(calls):
            await _call(pages)
        for page in pages:
            await page.leave()
    rows = await database.fetch(_ENDED, calls)
    return [read(_entries(row["events"])) for row in rows]


async def _call(pages: Sequence[Visitor]) -> None:
    async with asyncio.timeout(_WITHIN_S):
        for page in pages:
            await page.is_ready()
            await page.press("Meet someone")
        for page in pages:
            await page.join()
        for page in pages:
            await page.hears()
        await pages[0].press("Hang up")
        for page in pages:
            await page.page.reload()  # to the lobby


def _entries(events: bytes) -> list[bytes]:
    return [bytes(each) for each in msgspec.json.decode(events, type=list[msgspec.Raw])]


def between(notes: Sequence[Note], begins: str, ends: str) -> int:
    """Milliseconds from the first note of the one kind to the first of the other."""
    first = {note.kind: note.at for note in reversed(notes)}
    return first[ends] - first[begins]
