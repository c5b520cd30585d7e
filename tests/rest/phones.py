"""People with phones: numbers that nobody has used, and what is sent to them."""

import itertools
import os
from typing import Any

from core.clock import now_ms
from core.seals import Seals
from db.postgres.jobs import JobStore
from services.post import SendSms
from tests.rest.server import Answer, RestServer

_numbers = itertools.count(10_000_000 + os.getpid() % 1000 * 10_000)


def a_number() -> str:
    """One that no other test has used."""
    return f"+49151{next(_numbers)}"


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


class Phone:
    """A phone: asks for codes, reads what comes, and shows it."""

    def __init__(self, rest: RestServer, number: str | None = None) -> None:
        self.rest, self.number = rest, number or a_number()
        self._jobs = JobStore(rest.world.pool, Seals(rest.keyring.sealing("jobs")), now_ms)

    async def start(self, **more: Any) -> Answer:
        body = {"phone": self.number, **more}
        return await self.rest.ask("POST", "/v1/auth/phone/start", json=body)

    async def texts(self) -> list[str]:
        """What was sent to it since it was last looked at; what others were sent is gone."""
        found = []
        while taken := await self._jobs.take({"sms": SendSms}, 10):
            for each in taken:
                await self._jobs.done(each)
                assert isinstance(each.job, SendSms)
                if each.job.to == self.number:
                    found.append(each.job.text)
        return found

    async def code(self, **more: Any) -> str:
        """A code that was asked for and has come."""
        answer = await self.start(**more)
        assert answer.status == 202, answer.body
        [text] = await self.texts()
        return text[:6]

    async def show(self, code: str, *, token: str | None = None, **more: Any) -> Answer:
        body = {"phone": self.number, "code": code, **more}
        return await self.rest.ask("POST", "/v1/auth/phone/verify", token=token, json=body)

    async def sign_up(self, **more: Any) -> Any:
        answer = await self.show(await self.code(), profile=a_profile(), **more)
        assert answer.status == 201, answer.body
        return answer.body


def a_profile(**changes: Any) -> dict[str, Any]:
    """What an account needs."""
    name = f"phone-{next(_numbers)}"
    profile = {"username": name, "display_name": "Ana", "birth_date": "1996-06-16", "gender": "female"}
    return {**profile, **changes}
