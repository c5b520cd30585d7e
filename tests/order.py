"""The order in which the modules of tests begin: what takes longest first, so that all workers end together.

A module is run by one worker, for what is costly is made once a worker or a module. Those named here take ten
seconds and more, most of which they wait; begun last, they would leave the processor idle.

No test may need another one before it: `ORDER=reversed` turns everything round, and `ORDER=random:7` shuffles
the modules and the tests of each by that seed, which is drawn and told where none is given.
"""

import os
import secrets
from collections import Counter
from random import Random

import pytest

ORDER = "ORDER"

LONGEST_FIRST = (
    "tests/rest/test_every_error.py",
    "tests/scenarios/test_probes.py",
    "tests/integration/authorisation/test_authorisation.py",
    "tests/scenarios/test_races.py",
    "tests/scenarios/test_rolling_restart.py",
    "tests/scenarios/test_echo.py",
    "tests/integration/test_openapi_fuzz.py",
    "tests/scenarios/test_two_versions.py",
    "tests/scenarios/test_prometheus.py",
    "tests/scenarios/test_drain.py",
    "tests/scenarios/test_promotion.py",
    "tests/scenarios/test_cluster_failover.py",
    "tests/deploy/test_backup.py",
    "tests/browser/test_call.py",
    "tests/browser/test_lasting.py",
    "tests/browser/test_relayed.py",
    "tests/matching/test_properties.py",
    "tests/browser/test_calling.py",
    "tests/browser/test_devices.py",
    "tests/browser/test_timeline.py",
    "tests/integration/parting/test_parting.py",
    "tests/scenarios/test_nodes.py",
    "tests/chaos/test_short_form.py",
    "tests/matching/test_thousand.py",
    "tests/scenarios/test_frozen.py",
    "tests/scenarios/test_pauses.py",
    "tests/scenarios/test_start.py",
    "tests/scenarios/test_demo.py",
    "tests/browser/test_page.py",
    "tests/browser/test_account.py",
    "tests/browser/test_safety.py",
    "tests/browser/test_admin.py",
    "tests/delivery/test_sharded.py",
    "tests/scenarios/test_bots.py",
    "tests/integration/test_reports.py",
    "tests/browser/test_views.py",
    "tests/stores/test_locations.py",
    "tests/stores/test_multiplexed_cluster.py",
    "tests/scenarios/test_all_is_announced.py",
    "tests/scenarios/test_roles.py",
    "tests/integration/test_calls.py",
    "tests/scenarios/test_announcing.py",
    "tests/rest/test_uploads.py",
    "tests/integration/test_rematches.py",
    "tests/scenarios/test_data_loss.py",
    "tests/scenarios/test_clocks.py",
    "tests/browser/test_breaks.py",
    "tests/integration/test_cool_downs.py",
    "tests/scenarios/test_outages.py",
    "tests/rest/test_connections.py",
    "tests/scenarios/test_bans.py",
    "tests/matching/test_twins.py",
)
# Of all others, these wait for processes and timers, and the rest computes.
WAITING = (
    "tests/scenarios/",
    "tests/browser/",
    "tests/node/",
    "tests/chaos/",
    "tests/embedded/",
    "tests/integration/",
)
_RANK = {module: rank for rank, module in enumerate(LONGEST_FIRST)}


def settle() -> None:
    """Draw a seed where one is left to chance: the workers take it over. Raises `pytest.UsageError`."""
    match os.environ.get(ORDER, "").split(":"):
        case ["" | "reversed"]:
            return
        case ["random"]:
            os.environ[ORDER] = f"random:{secrets.randbelow(1_000_000)}"
        case ["random", seed] if seed.isdecimal():
            return
        case _:
            raise pytest.UsageError(f"{ORDER} is neither reversed, random, nor random: with a number")


def told() -> str:
    """What repeats the order of this run; empty for the usual one."""
    return f"{ORDER}={order}" if (order := os.environ.get(ORDER)) else ""


def put(items: list[pytest.Item]) -> None:
    """Put them in the order that is asked for, the tests of a module together."""
    how, _, seed = os.environ.get(ORDER, "").partition(":")
    if how == "random":
        shuffle(items, seed)
        return
    longest_first(items)
    if how == "reversed":
        items.reverse()


def shuffle(items: list[pytest.Item], seed: str) -> None:
    """The modules by chance, and the tests of each. Of a part of them the order is the same."""

    def drawn(name: str) -> float:
        return Random(f"{seed} {name}").random()

    items.sort(key=lambda item: (drawn(_module(item)), drawn(item.nodeid)))


def longest_first(items: list[pytest.Item]) -> None:
    """Put the modules in that order; tests of one keep theirs."""
    sizes = Counter(map(_module, items))

    def rank(item: pytest.Item) -> tuple[int, bool, int, str]:
        module = _module(item)
        return (
            _RANK.get(module, len(_RANK)),
            not module.startswith(WAITING),
            -sizes[module],
            module,
        )

    items.sort(key=rank)


def _module(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]
