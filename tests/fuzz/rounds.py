"""Rounds of mutated commands over a real socket, by somebody who is in a call and in a room.

What they send ends the call and the connection again and again: after a while others take their place.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Any

from core.contract.index import COMMANDS
from core.errors import CATALOGUE
from tests.fuzz.payloads import Ids, payload
from tests.integration.person import ClientDevice, Person
from tests.stores.world import World

ROUND = 500
_AT_ONCE = 20  # fewer than may wait on one connection

SignUp = Callable[..., Awaitable[Person]]
_CODES = {error.code for error in CATALOGUE} - {"internal", "unavailable", "rate_limited"}
# A few at once, by a process that the first starts; and a sample now and then.
_OFTEN = {"call:echo": {"unavailable", "rate_limited"}, "call:quality": {"rate_limited"}}


class Findings:
    """What was answered, and what ought not to have been."""

    def __init__(self) -> None:
        self.answers: Counter[str] = Counter()
        self.wrong: list[str] = []

    def note(self, command: str, sent: Any, answer: Any) -> None:
        """An acknowledgement: good, or refused with a code that says whose mistake it was."""
        code = "ok" if answer.get("ok") else answer["error"]["code"]
        self.answers[f"{command} {code}"] += 1
        if code != "ok" and code not in _CODES | _OFTEN.get(command, set()):
            self.wrong.append(f"{command} {str(sent)[:500]!r}: {answer}")


@asynccontextmanager
async def _in_call(world: World, sign_up: SignUp) -> AsyncIterator[tuple[ClientDevice, Ids]]:
    """Somebody in a call that is live, with a room, and the ids of what they have."""
    she, he, friend = await sign_up(gender="female"), await sign_up(gender="male"), await sign_up()
    connection = await world.connected((she.id, friend.id))
    ana, ben = await she.connect("ana"), await he.connect("ben")
    for device in (ana, ben):
        await device.ask("queue:join", mode="voice", preferences={"genders": ["male", "female"]})
    call_id = (await ana.next("call:offered"))["call_id"]
    for device in (ana, ben):
        await device.ask("call:accept", call_id=call_id)
    for device in (ana, ben):
        await device.next("call:started")
        await device.ask("call:connected", call_id=call_id, epoch=1)
    strangers = await world.talked(await world.pair())
    try:
        yield (
            ana,
            {
                "call": [call_id, call_id, strangers],
                "room": [connection.room_id],
                "connection": [connection.id],
            },
        )
    finally:
        await she.leave()
        await he.leave()


async def _send(device: ClientDevice, ids: Ids, chance: Random, findings: Findings) -> None:
    command = chance.choice(COMMANDS).event
    sent = payload(command, ids, chance)
    try:
        findings.note(command, sent, await device.send_raw(command, sent))
    except TimeoutError:
        where = "closed" if device.closed.is_set() else "open"
        findings.wrong.append(f"{command} {str(sent)[:500]!r}: no answer, the connection is {where}")


async def fuzz(
    world: World, sign_up: SignUp, count: int, seed: int, progress: Callable[[int, Findings], None]
) -> Findings:
    """Send so many. Nobody is sent away for what they send."""
    chance, findings, done = Random(seed), Findings(), 0
    while done < count:
        async with _in_call(world, sign_up) as (device, ids):
            for _ in range(0, min(ROUND, count - done), _AT_ONCE):
                if device.closed.is_set():
                    break
                await asyncio.gather(*(_send(device, ids, chance, findings) for _ in range(_AT_ONCE)))
                done += _AT_ONCE
            if device.closed.is_set():
                findings.wrong.append(f"the connection was closed: {device.heard[-3:]}")
        progress(done, findings)
    return findings
