"""Requests made of the OpenAPI document, right and wrong ones, are answered as the document says.

By schemathesis, with a few examples each, the same in every run: as an admin, and as nobody. `make fuzz-rest`
sends many more.
"""

import asyncio

import pytest

from core.contract.index import ENDPOINTS
from tests.fuzz.openapi_requests import MODES, Answers, Asking, ask, operations
from tests.integration.conftest import SignUp
from tests.stores.world import World


@pytest.mark.parametrize(("who", "examples"), [("nobody", 1), ("admin", 2)])
async def test_answers_are_as_documented(
    address: str, sign_up: SignUp, world: World, who: str, examples: int
) -> None:
    """And never a 5xx. Nobody is mostly told to sign in."""
    admin = await sign_up()
    await world.set_role(admin.id, "admin")
    token = admin.token if who == "admin" else None
    asking, answers = Asking(address=address, token=token, examples=examples), Answers()

    def ask_all() -> None:
        for operation in operations():
            for mode in MODES:
                ask(operation, mode, asking, answers)

    await asyncio.to_thread(ask_all)
    assert not answers.wrong, "\n".join(answers.wrong)
    assert len(answers.asked) == len(ENDPOINTS) - 1
