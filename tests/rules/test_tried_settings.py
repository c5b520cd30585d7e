"""Settings of matching that an operator tries in the shadow of those in force."""

import pytest
from msgspec.structs import replace

from core.environment import SettingsError, load
from core.settings import Settings
from core.tried_settings import TRIED, tried


def test_what_is_named_is_tried_and_the_rest_stays() -> None:
    settings = Settings(match_weight_age=3, match_shadow="weight_values=50, departure_cost=0.5,last_call=off")
    assert tried(settings) == replace(
        settings, match_weight_values=50, match_departure_cost=0.5, match_last_call="off"
    )
    assert len(TRIED) == 11


def test_nothing_is_tried_unless_named() -> None:
    assert tried(Settings()) is None
    assert tried(Settings(match_shadow=" ")) is None


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("weight_shoes=1", "'weight_shoes' is none of weight_intent, .*last_call"),
        ("queue_s=5", "'queue_s' is none of"),
        ("values=50", "'values' is none of"),
        ("weight_values=much", "weight_values: Expected float"),
        ("departure_cost=11", "departure_cost: Expected float <= 10.0"),
        ("last_call", "last_call: Invalid enum value"),
        (",", "'' is none of"),
        (
            ",".join(f"{name}=0" for name in TRIED if name.startswith("weight_")),
            "one of the weights has to be above 0",
        ),
    ],
)
def test_a_mistake_is_named_at_the_start(text: str, mistake: str) -> None:
    """As any other: a deployment does not start with it."""
    with pytest.raises(SettingsError, match=f"MATCH_SHADOW: {mistake}"):
        load({"MATCH_SHADOW": text})
