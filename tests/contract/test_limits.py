"""Every command and endpoint is limited, by what stands in the table, and what costs others on all nodes."""

import re

import pytest

from core.contract.index import COMMANDS, ENDPOINTS
from core.limits import LIMITS, Limit
from core.limits_table import limits
from core.server_settings import ServerSettings
from core.wire.endpoint import Endpoint
from core.wire.message import Command

ASKED: tuple[type[Command] | Endpoint, ...] = (*COMMANDS, *ENDPOINTS)
# What costs somebody else something: their time, their attention, the operator's money.
COSTLY = {"queue:join", "call:skip", "call:report", "chat:send", "register", "login", "refresh"}


def name(asked: type[Command] | Endpoint) -> str:
    return asked.name if isinstance(asked, Endpoint) else asked.event


def of(asked: type[Command] | Endpoint) -> list[Limit]:
    return [LIMITS[limit] for limit in (*asked.general_limits, *asked.limits)]


UNLIMITED = ("/healthz", "/readyz", "/v1/media/{id}/files/{name}")


@pytest.mark.parametrize("asked", ASKED, ids=name)
def test_each_is_limited_by_who_asks(asked: type[Command] | Endpoint) -> None:
    """By network, by user where it is known, and commands by device. Monitoring may ask at any time, and who
    was given addresses of pictures may open them all.
    """
    words = " ".join(limit.by for limit in of(asked))
    if isinstance(asked, Endpoint) and asked.unlimited:
        assert (asked.path, words) in {(path, "") for path in UNLIMITED}
        return
    assert "network" in words
    assert "account" in words or not getattr(asked, "auth", True)
    assert "device" in words or isinstance(asked, Endpoint)


@pytest.mark.parametrize("asked", ASKED, ids=name)
def test_what_costs_others_something_is_counted_on_all_nodes(asked: type[Command] | Endpoint) -> None:
    """So does whatever a user creates. Staff are known to the operator."""
    creates = isinstance(asked, Endpoint) and asked.status == 201 and not asked.roles
    if creates or name(asked) in COSTLY:
        assert any(limit.where != "node" for limit in of(asked))


def test_the_table_has_a_row_for_each() -> None:
    """With its limits; and one for each limit, with its two settings. None is there for nothing."""
    rows = dict(re.findall(r"^\| `?(.+?)`? \| (.*) \|$", limits(), re.MULTILINE))
    for asked in ASKED:
        told = f"{asked.method} {asked.path}" if isinstance(asked, Endpoint) else asked.event
        counted = (*asked.general_limits, *asked.limits)
        assert rows[told] == (", ".join(counted) or "none: it costs nothing")
    for limit, about in LIMITS.items():
        assert f"`{about.burst.upper()}`" in rows[limit]
        assert f"`{about.per.upper()}`" in rows[limit]
    used = {limit for asked in ASKED for limit in (*asked.general_limits, *asked.limits)}
    assert used | {"connects"} == set(LIMITS)


def test_each_setting_of_a_rate_belongs_to_a_limit() -> None:
    """A new one that counts something is in the table too, or it is a bound of another kind."""
    rates = {field for field in ServerSettings.__struct_fields__ if re.search(r"_per_[smh]$|_burst$", field)}
    body_speed = {"body_bytes_per_s"}
    assert rates - {each for limit in LIMITS.values() for each in (limit.per, limit.burst)} <= body_speed
