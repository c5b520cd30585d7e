"""Who gets what: every endpoint and every command, asked by everybody, against a table that people read.

An endpoint or a command without a row fails. Where a change is meant, put the row that is printed into the
table, and look at each cell of it.
"""

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from core.contract.index import ENDPOINTS
from core.wire.endpoint import Endpoint
from tests.integration.authorisation import table
from tests.integration.authorisation.endpoints import WAYS, Asked
from tests.integration.authorisation.people import ROLES, Caller, Scene, ask, scene_of
from tests.integration.conftest import SignUp
from tests.stores.world import World

FOLDER = Path(__file__).parent

# Who may do something asks last: what they did would be gone for those who may not.
ORDER = (
    *("nobody", "deleted", "banned", "suspended", "stranger", "blocked", "blocker"),
    *("moderator", "admin", "peer", "owner"),
)


@pytest.fixture
async def scene(world: World, sign_up: SignUp) -> Scene:
    return await scene_of(world, sign_up)


def cell(status: int, body: Any) -> str:
    """The status of a good answer, the code of any other."""
    return str(status) if status < 400 else str(body["code"])


def ways(endpoint: Endpoint) -> dict[str, str]:
    """Its rows: what each is called, and the name of how it is asked."""
    at = f"{endpoint.method} {endpoint.path}"
    several = [name for name in WAYS if name.startswith(f"{endpoint.name}: ")]
    rows = {f"{at} ({name.partition(': ')[2]})": name for name in several}
    return rows or {at: endpoint.name}


async def asked(scene: Scene, endpoint: Endpoint, name: str, caller: Caller) -> Asked:
    if name in WAYS:
        return await WAYS[name](scene, caller)
    needs = endpoint.parameters or endpoint.body or endpoint.upload
    assert needs is None, f"endpoints.py does not say how `{name}` is asked"
    return Asked()


async def test_who_gets_what_over_rest(scene: Scene, web: aiohttp.ClientSession, address: str) -> None:
    answered: table.Table = {}
    for endpoint in ENDPOINTS:
        for label, name in ways(endpoint).items():
            answered[label] = {}
            for role in ORDER:
                caller = scene.callers[role]
                what = await asked(scene, endpoint, name, caller)
                path, token = endpoint.path.format(**what.path), what.token or caller.token
                got = await ask(web, address, token, endpoint.method, path, **what.sent)
                answered[label][role] = cell(*got)
    wrong = table.differences(table.read(FOLDER / "endpoints.txt"), answered, ROLES)
    assert not wrong, f"\n{wrong}"
