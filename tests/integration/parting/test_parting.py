"""What two still have of each other when a block, a ban, a suspension or an erasure has parted them.

Surface by surface, against a table that people read. Where a change is meant, put the row that is printed
into it.
"""

from pathlib import Path
from typing import Any

import pytest

from core.clock import now_ms, rfc3339
from tests.integration.authorisation import table
from tests.integration.conftest import SignUp
from tests.integration.parting.pair import ACTS, Pair, of
from tests.integration.parting.surfaces import SURFACES, Surface
from tests.integration.person import Person
from tests.stores.world import World

TABLE = table.read(Path(__file__).with_name("parting.txt"))


@pytest.fixture
async def moderator(sign_up: SignUp, world: World, elsewhere: str) -> Person:
    """On her node."""
    person = await sign_up(address=elsewhere)
    await world.set_role(person.id, "moderator")
    return person


class Scene:
    """Makes pairs, and parts them."""

    def __init__(self, sign_up: SignUp, world: World, moderator: Person, hers: str) -> None:
        self._sign_up, self._world, self._moderator, self._hers = sign_up, world, moderator, hers

    async def _pair(self, stage: str) -> Pair:
        she, he = await self._sign_up(gender="female", address=self._hers), await self._sign_up(gender="male")
        pair = Pair(await she.connect(), await he.connect(), she, he, "")
        if stage == "befriended":
            await pair.befriended(self._world)
        elif stage == "posted":
            await pair.posted(self._world)
        elif stage == "mentored":
            await pair.mentored(self._world)
        elif stage == "waiting":
            await pair.ben.ask("queue:join", mode="voice")
        else:
            await pair.offered()
        if stage == "started":
            await pair.start()
        elif stage == "live":
            await pair.go_live()
        elif stage == "hung_up":
            await pair.hang_up()
        return pair

    async def after(self, act: str, surface: Surface) -> str:
        """What both are answered. Fails if either hears what the other does."""
        pair = await self._pair(surface.stage)
        before = {person: len(pair.device_of(person).heard) for person in (pair.she, pair.he)}
        at = rfc3339(now_ms())
        await pair.part(act, self._world, self._moderator)
        answers = [await surface.tried(pair, person) for person in (pair.she, pair.he)]
        await pair.settle()
        for person, heard in before.items():
            other = pair.other(person)
            after = pair.device_of(person).heard[heard:]
            seen = [event for event in after if of(other, event) and not is_old(event, at)]
            assert not seen, f"{act}: {'she' if person is pair.she else 'he'} heard {seen}"
        for person in (pair.she, pair.he):
            await person.leave()
        return "/".join(answers)


def is_old(event: tuple[str, Any, Any], at: str) -> bool:
    """Whether it says that they came before that time: on a busy machine it is told a moment later."""
    name, payload, _ = event
    return name == "presence:changed" and payload["last_seen"] < at


@pytest.mark.parametrize("name", SURFACES)
async def test_parted(name: str, sign_up: SignUp, world: World, moderator: Person, elsewhere: str) -> None:
    scene = Scene(sign_up, world, moderator, elsewhere)
    answered = {act: await scene.after(act, SURFACES[name]) for act in ACTS}
    expected = {name: TABLE[name]} if name in TABLE else {}
    wrong = table.differences(expected, {name: answered}, ACTS)
    assert not wrong, f"\n{wrong}"


def test_the_table_has_no_other_row() -> None:
    assert TABLE.keys() == SURFACES.keys()
