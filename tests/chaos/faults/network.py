"""Networks that cut and delay, and clients that come back, some always and all at once."""

import asyncio

from tests.chaos import crowd
from tests.chaos.faults.fault import Fault
from tests.chaos.scene import Scene

DELAY_S = (0.05, 0.4)
CROWD, ACCOUNTS = 2000, 50


async def reconnecting(scene: Scene) -> None:
    """Every few seconds three in ten clients lose their connection."""
    scene.over()
    for _ in range(scene.pace.times):
        present = scene.people.present
        for client in scene.chance.sample(present, round(0.3 * len(present))):
            client.drop()
        await asyncio.sleep(scene.pace.every_s)


async def delays_and_cuts(scene: Scene) -> None:
    """Whatever passes is held back for a while, and connections are reset."""
    scene.over()
    scene.wire.delay_s = DELAY_S
    try:
        for _ in range(scene.pace.times):
            await asyncio.sleep(scene.pace.every_s)
            scene.wire.cut(0.2)
    finally:
        scene.wire.delay_s = (0.0, 0.0)


async def thousands(scene: Scene) -> None:
    """So many clients come at once, are cut off at once, come back at once, and leave."""
    await crowd.comes(scene.balance.address, CROWD, ACCOUNTS, scene.over)


FAULTS = (
    Fault("reconnects", "30 % of the clients lose their connection every 3 s, five times", reconnecting),
    Fault("crowd", "2,000 more connect at once, and come back at once", thousands),
    Fault(
        "network",
        "packets held back for 50 to 400 ms, a fifth of all connections reset every 3 s, five times",
        delays_and_cuts,
    ),
)
