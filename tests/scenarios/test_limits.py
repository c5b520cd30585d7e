"""With rate limits on, as they are unless somebody turns them off."""

from collections.abc import Awaitable, Callable

import pytest

from tests.dialogues.person import Person, Refused
from tests.scenarios.conftest import StartNode


async def test_an_account_may_not_connect_without_end(
    start_node: StartNode, crowd: Callable[..., Awaitable[Person]]
) -> None:
    """It is told when it may again; another account is not concerned."""
    node = await start_node(RATE_LIMITS="on", CONNECTS_BURST="3", CONNECTS_PER_M="1")
    ana, ben = await crowd(node), await crowd(node)
    for number in range(3):
        await (await ana.connect(f"device {number}")).leave()
    with pytest.raises(Refused) as refused:
        await ana.connect("one more")
    assert refused.value.code == "rate_limited"
    assert 0 < refused.value.error["retry_after_ms"] <= 60_000
    await ben.connect()
