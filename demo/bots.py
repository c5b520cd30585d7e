"""People of the town who wait in the queue, answer, talk, say yes and write back, as `bots` do."""

import secrets
from collections.abc import Sequence
from functools import partial
from random import Random
from typing import Literal

import aiohttp

from core.tasks import until_one_fails
from demo import pictures
from demo.plan.people import NAMED, Person
from demo.plan.words import REMARKS
from demo.portrait import tracks
from realtime.peers.bot import Habits
from realtime.peers.bots import live

_MODES: tuple[Literal["video", "voice"], ...] = ("video", "voice")
_TALK_S = 180.0


def waiting(everybody: Sequence[Person], count: int) -> Sequence[Person]:
    """Who of them: those without a part, from the first on."""
    return everybody[len(NAMED) :][:count]


async def wait(server: str, bots: Sequence[Person], password: str, seed: int) -> None:
    """Until they are signed out, as when the town is taken away, or this is cancelled."""
    # On one device: none of them is offered to another one.
    device, chance = f"town-{secrets.token_hex(8)}", Random(seed)  # noqa: S311 - it is small talk
    async with aiohttp.ClientSession() as web:
        lives = []
        for nth, person in enumerate(bots):
            habits = Habits(mode=_MODES[nth // 2 % 2], talk_s=_TALK_S, remarks=REMARKS)
            face = pictures.face(seed, person.number, person.gender)
            sent = partial(tracks, jpeg=face, number=person.number)
            who = {"username": person.username, "password": password}
            lives.append(live(server, web, who, device, habits, chance, sent))
        await until_one_fails(*lives)
