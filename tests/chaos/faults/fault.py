"""What a fault is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.chaos.scene import Scene
from tests.chaos.stores import Kind

HOLDS = "no message is lost, all calls survive, others are served on"


@dataclass(frozen=True, slots=True)
class Fault:
    """`strike` does it, and puts right what an operator would; at its end everything runs again.

    `told`: no call can survive it, so each user has to hear `call:ended`.
    """

    name: str
    does: str
    strike: Callable[[Scene], Awaitable[None]]
    holds: str = HOLDS
    told: bool = False
    stores: Kind = "single"
