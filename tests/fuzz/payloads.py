"""Payloads of every command that are nearly right: examples of the contract, broken at random places.

Chance is an argument: the same seed gives the same payloads.
"""

import copy
from collections.abc import Sequence
from random import Random
from typing import Any

from core.contract.index import COMMANDS
from core.documents.asyncapi import asyncapi

_MESSAGES = asyncapi("1")["components"]["messages"]
EXAMPLES: dict[str, Any] = {
    kind.event: _MESSAGES[kind.__name__]["examples"][0]["payload"] for kind in COMMANDS
}
# So that what is behind the first check is reached too: ids of what there is, where an id belongs.
_IDS = {"call_id": "call", "room_id": "room", "connection_id": "connection", "media_id": "media"}
_STRANGE: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**53, -(2**63), 2**64, 10**30, 0.5, -0.0, 1e308),
    *("", " ", "\0", "a\0b", "\ud800", "\u202e", "\ufeff", "e\u0301" * 300, "A" * 5000, "😀" * 1000),
    *("\n", "%00", "' OR 1=1 --", "candidate:1 1 udp 1 ::1 9 typ host", "v=0\r\n"),
    *("0190a000-0000-7000-8000-000000000000", "0190A000-0000-7000-8000-00000000000G"),
    *([], [[]], [None], ["a"] * 300, {}, {"": ""}, {"a": {"a": {"a": {}}}}),
)

Ids = dict[str, Sequence[str]]


def payload(command: str, ids: Ids, chance: Random) -> Any:
    """A payload for this command, with none to three mistakes."""
    made = copy.deepcopy(EXAMPLES[command])
    for field, kind in _IDS.items():
        if field in made and ids.get(kind) and chance.random() < 0.9:
            made[field] = chance.choice(ids[kind])
    if "epoch" in made:
        made["epoch"] = chance.choice((1, 1, 1, 2))
    if chance.random() < 0.02:
        return _strange(chance)
    for _ in range(chance.choice((0, 1, 1, 1, 2, 3))):
        _break(made, chance)
    return made


def _strange(chance: Random) -> Any:
    """A copy: what is broken further must not grow from payload to payload, beyond what a packet holds."""
    return copy.deepcopy(chance.choice(_STRANGE))


def _break(made: dict[str, Any], chance: Random) -> None:
    """Put something strange at a random place, take it away, or add something."""
    place: Any = made
    while True:
        inner = [value for value in _values(place) if isinstance(value, dict | list) and value]
        if not inner or chance.random() < 0.5:
            break
        place = chance.choice(inner)
    keys = list(place) if isinstance(place, dict) else list(range(len(place)))
    match chance.randrange(6):
        case 0 if keys:
            del place[chance.choice(keys)]
        case 1 if isinstance(place, dict):
            place[chance.choice(("colour", "", "__class__", "a" * 2000, "$ref"))] = _strange(chance)
        case _ if keys:
            place[chance.choice(keys)] = _strange(chance)
        case _:
            return


def _values(place: Any) -> list[Any]:
    return list(place.values()) if isinstance(place, dict) else list(place)
