"""What a node tells of the probes that it has go their way."""

from collections.abc import Callable, Sequence

import pytest
from prometheus_client import CollectorRegistry

from core.probes import STEPS, Done
from realtime.background.probing import Probing

NOW = 1_800_000_000_000
ALL_WELL = [Done(step=step, seconds=0.5) for step in STEPS]


class Shared:
    """The turns of two nodes, as Redis has them until it loses them."""

    def __init__(self) -> None:
        self.free, self.at = True, 0

    async def take(self, ms: int) -> bool:
        assert ms == 300_000
        taken, self.free = self.free, False
        return taken

    async def succeeded(self, at: int) -> None:
        self.at = at

    async def last_success(self) -> int | None:
        return self.at or None


class Node:
    """One that has probes go their way, and what Prometheus is told of them."""

    def __init__(self, turns: Shared) -> None:
        self.steps: Sequence[Done] = ALL_WELL
        self.probing = Probing(turns, self._run, lambda: NOW, every_s=300)
        self._registry = CollectorRegistry()
        self._registry.register(self.probing)

    async def _run(self, tell: Callable[[Done], None]) -> None:
        for step in self.steps:
            tell(step)

    def told(self, name: str, **labels: str) -> float | None:
        return self._registry.get_sample_value(f"realtime_probe_{name}", labels)


async def test_who_has_the_turn_counts_and_all_know_when_one_came_through() -> None:
    """Also those to whom Redis, which has lost its data, says nothing any more."""
    turns = Shared()
    one, other = Node(turns), Node(turns)
    assert [node.told("succeeded_at_seconds") for node in (one, other)] == [0, 0]
    for node in (one, other):
        await node.probing.look()
        assert node.told("succeeded_at_seconds") == NOW / 1000
    for step in STEPS:
        assert (one.told("step_seconds_sum", step=step), one.told("failures_total", step=step)) == (0.5, 0)
        assert other.told("step_seconds_count", step=step) == 0
    turns.at = 0
    await other.probing.look()
    assert other.told("succeeded_at_seconds") == NOW / 1000


@pytest.mark.parametrize(
    ("steps", "at"),
    [
        ([], "start"),
        (ALL_WELL[:3], STEPS[3]),
        ([*ALL_WELL[:6], Done(step="media", seconds=20, wrong="nothing within 20 s")], "media"),
    ],
)
async def test_a_failure_counts_at_its_step(steps: Sequence[Done], at: str) -> None:
    """Where the process was killed, that is the step that it had begun; where it never began, `start`."""
    node = Node(Shared())
    node.steps = steps
    await node.probing.look()
    assert node.told("succeeded_at_seconds") == 0
    counted = {step: node.told("failures_total", step=step) for step in ("start", *STEPS)}
    assert counted == {step: float(step == at) for step in counted}
