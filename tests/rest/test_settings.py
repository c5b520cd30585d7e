"""One's own settings over REST."""

import asyncio
from typing import Any, get_args

import pytest

from core.vocabulary import NotificationKind
from tests.rest.server import Answer, RestServer

PATH = "/v1/me/settings"
SHOWN = dict.fromkeys(("show_age", "show_city", "show_country", "show_last_seen", "read_receipts"), True)
PRIVATE: dict[str, Any] = SHOWN | dict.fromkeys(
    ("find_by_search", "find_by_phone", "hide_from_contacts", "match_by_places"), False
)
PRIVATE["direct_calls"] = "connections"
TOLD = {"push": True, "email": False, "kinds": dict.fromkeys(get_args(NotificationKind), True)}
AT_FIRST = {
    "theme": "system",
    "language": None,
    "time_zone": None,
    "relay_only": False,
    "privacy": PRIVATE,
    "notifications": TOLD,
}


async def change(rest: RestServer, who: Any, **settings: object) -> Answer:
    return await rest.ask("PATCH", PATH, token=who["access_token"], json=settings)


async def test_what_is_sent_changes_and_the_rest_stays(rest: RestServer) -> None:
    """Each answer has the whole."""
    ana = await rest.sign_up()
    assert (await rest.ask("GET", PATH, token=ana["access_token"])).body == AT_FIRST
    assert (await change(rest, ana, theme="neon")).body == AT_FIRST | {"theme": "neon"}
    zone = await change(rest, ana, time_zone="Europe/Berlin", language="de")
    assert zone.body == AT_FIRST | {"theme": "neon", "language": "de", "time_zone": "Europe/Berlin"}
    assert (await change(rest, ana)).body == zone.body
    assert (await rest.ask("GET", PATH, token=ana["access_token"])).body == zone.body


@pytest.mark.parametrize("theme", ["system", "light", "dark", "neon"])
async def test_the_themes(rest: RestServer, theme: str) -> None:
    assert (await change(rest, await rest.sign_up(), theme=theme)).body["theme"] == theme


async def test_a_wish_for_relays_where_there_are_none_is_warned_of(rest: RestServer) -> None:
    """It holds all the same: nobody's address is shown who does not want that."""
    ana = await rest.sign_up()
    wished = AT_FIRST | {"relay_only": True, "relay_missing": True}
    assert (await change(rest, ana, relay_only=True)).body == wished
    assert (await rest.ask("GET", PATH, token=ana["access_token"])).body == wished
    assert (await change(rest, ana, relay_only=None)).body == AT_FIRST


async def test_null_puts_back_what_was_at_first(rest: RestServer) -> None:
    """In any field, and for one alone."""
    ana = await rest.sign_up()
    await change(rest, ana, theme="dark", language="pt", time_zone="Asia/Kolkata")
    assert (await change(rest, ana, language=None)).body == AT_FIRST | {
        "theme": "dark",
        "time_zone": "Asia/Kolkata",
    }
    assert (await change(rest, ana, theme=None, time_zone=None)).body == AT_FIRST


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("theme", "pink", "invalid_request"),
        ("theme", 1, "invalid_request"),
        ("language", "German", "invalid_request"),
        ("language", "", "invalid_request"),
        ("time_zone", "Mars/Olympus", "invalid_request"),
        ("time_zone", "europe/berlin", "invalid_request"),
        ("time_zone", "Factory", "invalid_request"),
        ("time_zone", "../etc/passwd", "invalid_request"),
        ("time_zone", "a" * 65, "payload_too_large"),
        ("colour", "blue", "invalid_request"),
        ("privacy", None, "invalid_request"),
    ],
)
async def test_a_field_that_does_not_serve_is_named(
    rest: RestServer, field: str, value: object, code: str
) -> None:
    """And what comes with it is not set either."""
    ana = await rest.sign_up()
    answer = await change(rest, ana, **{"theme": "dark", field: value})
    assert (answer.code, answer.body["details"]) == (code, {"field": field})
    assert (await rest.ask("GET", PATH, token=ana["access_token"])).body == AT_FIRST


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"quiet_from": "24:00"}, "notifications.quiet_from"),
        ({"quiet_to": "7:00"}, "notifications.quiet_to"),
        ({"kinds": {"knock": True}}, None),  # a key, which is no field
        ({"loud": True}, "notifications.loud"),
    ],
)
async def test_what_one_is_told_is_checked_too(rest: RestServer, told: object, field: str | None) -> None:
    ana = await rest.sign_up()
    answer = await change(rest, ana, notifications=told)
    assert (answer.code, answer.body.get("details", {}).get("field")) == ("invalid_request", field)


async def test_settings_are_ones_own(rest: RestServer) -> None:
    """And belong to the account: another device has them too."""
    ana, ben = await rest.sign_up(), await rest.sign_up()
    await change(rest, ana, theme="light")
    phone = (await rest.login(ana["user"]["username"])).body
    assert (await rest.ask("GET", PATH, token=phone["access_token"])).body["theme"] == "light"
    assert (await rest.ask("GET", PATH, token=ben["access_token"])).body == AT_FIRST


async def test_two_devices_at_once_change_two_settings(rest: RestServer) -> None:
    """Neither takes the other's back, not even when both are the first."""
    for _ in range(5):
        ana = await rest.sign_up()
        await asyncio.gather(change(rest, ana, theme="dark"), change(rest, ana, language="fr"))
        answer = await rest.ask("GET", PATH, token=ana["access_token"])
        assert answer.body == AT_FIRST | {"theme": "dark", "language": "fr"}


async def test_who_may_call_directly_is_kept(rest: RestServer) -> None:
    """And in the copy of one's data; nobody can begin such a call yet."""
    ana = await rest.sign_up()
    nobody = AT_FIRST | {"privacy": PRIVATE | {"direct_calls": "nobody"}}
    assert (await change(rest, ana, privacy={"direct_calls": "nobody"})).body == nobody
    assert (await change(rest, ana, privacy={"direct_calls": "friends"})).code == "invalid_request"
    assert (await rest.ask("GET", PATH, token=ana["access_token"])).body == nobody
