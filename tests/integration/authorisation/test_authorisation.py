"""Who gets what: every endpoint and every command, asked by everybody, against a table that people read.

An endpoint or a command without a row fails. Where a change is meant, put the row that is printed into the
table, and look at each cell of it.
"""

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from core.contract.index import COMMANDS, ENDPOINTS
from core.wire.endpoint import Endpoint
from tests.integration.authorisation import commands, endpoints, table
from tests.integration.authorisation.asked import Asked
from tests.integration.authorisation.people import ROLES, Caller, Scene, ask, scene_of
from tests.integration.conftest import Meet, Meeting, SignUp
from tests.integration.echoing import call_echo
from tests.integration.person import ClientDevice, Refused
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
    several = [name for name in endpoints.WAYS if name.startswith(f"{endpoint.name}: ")]
    rows = {f"{at} ({name.partition(': ')[2]})": name for name in several}
    return rows or {at: endpoint.name}


async def asked(scene: Scene, endpoint: Endpoint, name: str, caller: Caller) -> Asked:
    if name in endpoints.WAYS:
        return await endpoints.WAYS[name](scene, caller)
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


COMMAND_ROLES = tuple(role for role in ROLES if role != "peer")


async def sent(device: ClientDevice, command: str, payload: commands.Payload) -> str:
    """`ok`, or the code of the refusal; `nothing`, if there is nobody to be shown."""
    answer = await device.send_raw(command, payload)
    if not answer["ok"]:
        return str(answer["error"]["code"])
    if "call_id" in answer["data"]:  # it leaves no trace for what comes later
        await device.ask("call:end", call_id=answer["data"]["call_id"])
    shown = answer["data"].get("presences", answer["data"].get("posts"))
    return "nothing" if shown == [] else "ok"


class Callers:
    """Those who have a device connected, and why the others have none."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.devices: dict[str, ClientDevice] = {}
        self.refused: dict[str, str] = {}

    async def connect(self, address: str) -> None:
        """Nobody connects without a token, nor with that of one who is out."""
        for role in COMMAND_ROLES:
            caller = self._scene.callers[role]
            device = ClientDevice(address, f"device of {role}")
            try:
                await device.connect(token=caller.token)
            except Refused as refused:
                self.refused[role] = refused.code
            else:
                self.devices[role] = device

    async def told(self, command: str, way: commands.Way) -> table.Row:
        """What everybody is answered, about what is the owner's."""
        answers = dict(self.refused)
        for role, device in self.devices.items():
            answers[role] = await sent(device, command, await way(self._scene, self._scene.callers[role]))
        return answers

    async def told_of_call(self, command: str, what: commands.InCall, meet: Meet) -> table.Row:
        """The same of a call; hers, who is the owner of it, and of one that a block has ended."""
        meeting, parted = await meet(), await meet()
        for one in (meeting, parted):
            await what.reach(one)
        await part(parted)
        devices = {**self.devices, "blocker": parted.ana, "blocked": parted.ben, "owner": meeting.ana}
        answers = dict(self.refused)
        for role in sorted(devices, key=lambda role: role == "owner"):
            call_id = (parted if role in {"blocker", "blocked"} else meeting).call_id
            answers[role] = await sent(devices[role], command, {"call_id": call_id, **what.more})
        await over(meeting)
        return answers


async def over(meeting: Meeting) -> None:
    """Nobody gets a place in the queue back later, when others meet, by a deadline of this call."""
    await meeting.ana.send_raw("call:end", {"call_id": meeting.call_id})
    for device in (meeting.ana, meeting.ben):
        if not device.has_heard("call:ended", call_id=meeting.call_id):
            await device.next("call:ended", call_id=meeting.call_id)
        await device.ask("queue:leave")


async def part(meeting: Meeting) -> None:
    """She blocks him."""
    status, body = await meeting.she.rest("POST", "/v1/blocks", json={"user_id": meeting.he.id})
    assert status == 201, body


async def test_who_gets_what_over_socket_io(scene: Scene, meet: Meet, address: str) -> None:
    """Each with a device of their own."""
    callers, answered = Callers(scene), table.Table()
    await callers.connect(address)
    owner = callers.devices["owner"]
    await owner.ask("call:end", call_id=await call_echo(owner))  # from now on somebody answers
    for command in (kind.event for kind in COMMANDS):
        assert command in commands.WAYS or command in commands.IN_CALLS, f"commands.py lacks `{command}`"
        if command in commands.IN_CALLS:
            answered[command] = await callers.told_of_call(command, commands.IN_CALLS[command], meet)
        for name, way in commands.WAYS.items():
            event, _, how = name.partition(": ")
            if event == command:
                answered[f"{event} ({how})" if how else event] = await callers.told(command, way)
    for device in callers.devices.values():
        await device.leave()
    wrong = table.differences(table.read(FOLDER / "commands.txt"), answered, COMMAND_ROLES)
    assert not wrong, f"\n{wrong}"
