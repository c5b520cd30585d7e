"""`python -m tests.fuzz.rest`: many requests made of the OpenAPI document, to a product of its own.

As nobody, as a user, as a moderator and as an admin, who have met somebody and have reported them. Prints a
line for each operation with what it answered, and at the end what was wrong: a 5xx, an answer that the
document does not know, a traceback in the log. Ends with 1 if anything was.
"""

import argparse
import asyncio
import io
import sys
import tempfile
import time
from http import HTTPStatus
from pathlib import Path

from core.vocabulary import Role
from tests.fuzz.openapi_requests import MODES, Answers, Asking, ask, operations
from tests.fuzz.product import Product, log_to, product, told
from tests.integration.person import Person
from tests.rest.pictures import drawn, encoded, form

_ROLES: tuple[Role | None, ...] = (None, "user", "moderator", "admin")


class _Asker:
    """Somebody with this role, for as long as they are let in: a request may sign them out or ban them."""

    def __init__(self, there: Product, role: Role | None) -> None:
        self._there, self._role = there, role
        self._person: Person | None = None
        self._ids: list[str] = []

    async def present(self) -> tuple[str | None, list[str]]:
        """Their token, and ids of what they have with somebody else, and of what is said of that one."""
        if self._person is None or (await self._person.rest("GET", "/v1/me"))[0] != HTTPStatus.OK:
            self._person = await self._there.sign_up()
            self._ids = await _shared(self._there, self._person, await self._there.sign_up())
            await self._there.world.set_role(self._person.id, self._role or "user")
        return self._person.token if self._role else None, self._ids


async def _shared(there: Product, ana: Person, ben: Person) -> list[str]:
    """Two who have met and are connected; Ana reports Ben, who was warned and appeals."""
    world = there.world
    call = await world.talked((ana.id, ben.id))
    connection = await world.connect(call, (ana.id, ben.id))
    _, picture = await ana.rest("POST", "/v1/media", data=form(encoded(drawn())))
    report = {"subject": {"type": "user", "id": ben.id}, "reason": "spam"}
    status, answer = await ana.rest("POST", "/v1/reports", json=report)
    assert status == HTTPStatus.CREATED, answer
    warned = await world.strike(ben.id, "warn")
    appeal = await world.appeal_against(warned, ben.id)
    case = await world.pool.fetchval("SELECT id FROM safety.cases WHERE user_id = $1", ben.id)
    return [
        ana.id,
        ben.id,
        call,
        connection.id,
        connection.room_id,
        picture["id"],
        warned.strike_id,
        appeal,
        case,
    ]


async def _ask_as(there: Product, role: Role | None, examples: int, seed: int) -> Answers:
    asker, answers, who, begun = _Asker(there, role), Answers(), role or "nobody", time.monotonic()
    for operation in operations():
        for mode in MODES:
            token, ids = await asker.present()
            asking = Asking(address=there.address, token=token, examples=examples, seed=seed, ids=ids)
            await asyncio.to_thread(ask, operation, mode, asking, answers)
        print(f"{who:>9} {operation.label}: {_line(answers, operation.label)}", flush=True)
    sent = sum(sum(counted.values()) for counted in answers.asked.values())
    print(f"{who:>9} {sent} sent in {time.monotonic() - begun:.0f} s, {len(answers.wrong)} wrong", flush=True)
    return answers


async def _run(examples: int, seed: int, folder: Path) -> list[str]:
    async with product(folder) as there:
        return [wrong for role in _ROLES for wrong in (await _ask_as(there, role, examples, seed)).wrong]


def _line(answers: Answers, label: str) -> str:
    counted = sorted(answers.asked.get(label, {}).items())
    return ", ".join(f"{times} of {status}" for status, times in counted)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.rest", description=__doc__)
    parser.add_argument("--examples", type=int, default=50, help="of each operation and role, twice")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    log = io.StringIO()
    log_to(log)
    with tempfile.TemporaryDirectory(prefix="rc-fuzz-") as folder:
        wrong = asyncio.run(_run(options.examples, options.seed, Path(folder)))
    return told(wrong, log.getvalue())


if __name__ == "__main__":
    sys.exit(main())
