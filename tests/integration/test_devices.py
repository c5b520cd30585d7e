"""Devices: one person on several, several people on one."""

from tests.integration.conftest import SignUp
from tests.integration.person import ClientDevice


async def test_two_accounts_on_one_device_are_never_offered_to_each_other(
    sign_up: SignUp, address: str
) -> None:
    """A third, on a device of its own, is."""
    ana, ben, carl = [await sign_up(gender=gender) for gender in ("female", "male", "male")]
    shared = [ClientDevice(address, "a shared tablet"), ClientDevice(address, "a shared tablet")]
    for device, person in zip(shared, (ana, ben), strict=True):
        person.devices.append(device)
        await device.connect(token=person.token)
        await device.ask("queue:join", mode="video")
    other = await carl.connect()
    await other.ask("queue:join", mode="video")
    offered = await other.next("call:offered")
    found = dict(zip((ana.id, ben.id), shared, strict=True))[offered["peer"]["user_id"]]
    await found.next("call:offered", call_id=offered["call_id"])
    assert sum(device.has_heard("call:offered") for device in shared) == 1
