"""How fast commands may come: on one connection, of one account, and of all in a network."""

import pytest

from core.clock import now_ms
from core.settings import Settings
from core.token_bucket import TokenBucket, TokenBuckets
from db.redis.rate_limits import NoLimits
from realtime.gateway.account_limits import AccountLimits

NOW = 1_800_000_000_000
FEW = {
    "commands_burst": 3,
    "commands_per_s": 1,
    "account_commands_burst": 4,
    "account_commands_per_s": 2,
    "network_commands_burst": 6,
    "network_commands_per_s": 4,
}


def limits(rate_limits: str = "on") -> AccountLimits:
    settings = Settings(**FEW, rate_limits=rate_limits)  # type: ignore[arg-type]
    return AccountLimits(settings, NoLimits(), now_ms)


def test_each_of_three_has_its_limit() -> None:
    """Who is refused by one of them has taken nothing out of the others."""
    at = limits()
    phone, tablet = at.pace("ana", "home"), at.pace("ana", "home")
    ben, away = at.pace("ben", "home"), at.pace("cem", "elsewhere")
    assert [phone.take(NOW) for _ in range(4)] == [0, 0, 0, 1000], "the connection"
    assert [tablet.take(NOW) for _ in range(3)] == [0, 500, 500], "the account"
    assert [ben.take(NOW) for _ in range(3)] == [0, 0, 250], "the network"
    assert away.take(NOW) == 0
    assert [tablet.take(NOW + 500), ben.take(NOW + 500)] == [0, 0]


def test_who_comes_again_goes_on_where_they_were() -> None:
    """A new connection has a pace of its own, but not a new account or network."""
    at = limits()
    for _ in range(4):
        at.pace("ana", "home").take(NOW)
    assert at.pace("ana", "home").take(NOW) == 500
    assert at.pace("ana", "elsewhere").take(NOW) == 500


def test_limits_can_be_off() -> None:
    pace = limits("off").pace("ana", "home")
    assert [pace.take(NOW) for _ in range(100)] == [0] * 100


@pytest.mark.parametrize("asked", [["a", "b", "c"], ["a", "b", "a", "c"]])
def test_so_many_buckets_are_kept(asked: list[str]) -> None:
    """The one that was asked for longest ago goes first."""
    buckets, gone = TokenBuckets(most=2), asked[-3] if len(asked) == 3 else "b"

    def bucket(key: str) -> TokenBucket:
        return buckets.of(key, rate_per_s=1, burst=1)

    for key in asked:
        bucket(key).take(NOW)
    assert bucket("c").take(NOW) > 0
    assert bucket(gone).take(NOW) == 0
