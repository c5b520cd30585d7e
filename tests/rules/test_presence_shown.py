"""The status that others see."""

from itertools import product
from typing import get_args

import pytest

from core.presence import PresenceState, shown
from core.vocabulary import OwnStatus


@pytest.mark.parametrize(
    ("own", "in_call", "queuing"), list(product(get_args(OwnStatus), (True, False), (True, False)))
)
def test_the_status_shown(own: OwnStatus, in_call: bool, queuing: bool) -> None:
    """Being busy says more than being away; the invisible and the absent are offline whatever they do."""
    there = PresenceState(connections={"c1": "phone"}, own=own)
    expected = "in_call" if in_call else "queuing" if queuing else own
    assert shown(there, in_call=in_call, queuing=queuing) == ("offline" if own == "invisible" else expected)
    assert shown(PresenceState(own=own), in_call=in_call, queuing=queuing) == "offline"
    assert there.devices == {"phone"}
