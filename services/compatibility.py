"""How close two people's values are. Pure.

As in matching: the cosine of their strengths, which say from 0 (the opposite) over 50 (indifferent) to 100
how dear something is to somebody. Of what one of them has said only that is told which both hold dear.
"""

import math
from collections.abc import Mapping

from core.contract.profiles import Compatibility, SharedValue
from db.postgres.profiles import Held

_INDIFFERENT, _UNKNOWN = 50, 50


def compatible(own: Held, theirs: Held) -> Compatibility:
    """In the words of the first."""
    leaning, other = _leaning(own), _leaning(theirs)
    common = leaning.keys() & other.keys()
    dear = [key for key in common if leaning[key] > 0 and other[key] > 0]
    dear.sort(key=lambda key: (-leaning[key] * other[key], key))
    return Compatibility(
        score=_score(leaning, other),
        shared=[SharedValue(category=own[key][0], name=own[key][1]) for key in dear],
    )


def _score(one: Mapping[str, int], other: Mapping[str, int]) -> int:
    length = math.hypot(*one.values()) * math.hypot(*other.values())
    if not length:
        return _UNKNOWN
    cosine = sum(strength * other.get(key, 0) for key, strength in one.items()) / length
    return round(50 * (1 + cosine))


def _leaning(held: Held) -> dict[str, int]:
    return {key: strength - _INDIFFERENT for key, (_, _, strength) in held.items()}
