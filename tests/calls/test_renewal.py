"""A node renews what it holds alive, and serves others meanwhile."""

import asyncio
from collections.abc import Collection

import pytest

from core.clock import now_ms
from tests.calls.nodes import CallNode

_HELD = 450


async def test_leases_of_many_connections_are_renewed_some_at_a_time(
    node: CallNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them in the end, and never so many in one piece that whoever joins would wait for them."""
    store, begun = node.stores.presence, now_ms()
    held = [node.holds(f"user {n}") for n in range(_HELD)]
    await asyncio.gather(*(store.arrive(c.user_id, c.sid, c.device, begun - 60_000, 1) for c in held))
    pieces: list[int] = []
    renew = store.renew

    async def noted(some: Collection[tuple[str, str]], now: int, lease_s: int) -> frozenset[tuple[str, str]]:
        pieces.append(len(some))
        return await renew(some, now, lease_s)

    monkeypatch.setattr(store, "renew", noted)
    await node.leases(every_s=1, lease_s=60).renew()
    assert sum(pieces) == _HELD
    assert max(pieces) <= 200
    there = await store.read_many([caller.user_id for caller in held], begun)
    assert all(there[caller.user_id].connections == {caller.sid: caller.device} for caller in held)
