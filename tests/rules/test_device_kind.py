"""From what a client says of itself, or its browser: a phone or a computer."""

import pytest

from realtime.gateway.device_kind import device_kind

_AGENT = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 {}Safari/537.36"


@pytest.mark.parametrize(
    ("platform", "user_agent", "kind"),
    [
        ("iOS", None, "phone"),
        ("android", "Dart/3.5 (dart:io)", "phone"),
        ("web", _AGENT.format("Linux; Android 15; K", "Mobile "), "phone"),
        (None, _AGENT.format("X11; Linux x86_64", ""), "computer"),
        ("web", _AGENT.format("X11; Linux x86_64", ""), "computer"),
        ("python", "aiohttp/3.14", ""),
        ("client=phone video:male:female", None, ""),
        (None, None, ""),
    ],
)
def test_what_it_is_is_said_by_the_client_or_its_browser(
    platform: str | None, user_agent: str | None, kind: str
) -> None:
    """In words of ours alone: nobody makes up another one."""
    assert device_kind(platform, user_agent) == kind
