"""Networks that cut and delay, and clients that come back, some always and all at once."""

import asyncio

from tests.chaos.faults.fault import Fault
from tests.chaos.scene import Scene

DELAY_S = (0.05, 0.4)


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


FAULTS = (
    Fault("reconnects", "30 % of the clients lose their connection every 3 s, five times", reconnecting),
    Fault(
        "network",
        "packets held back for 50 to 400 ms, a fifth of all connections reset every 3 s, five times",
        delays_and_cuts,
    ),
)
