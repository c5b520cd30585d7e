"""How likely somebody accepts an offer, from what they did with the latest ones. Pure.

What a match is worth above what is asked is had only if both accept: of several candidates the one is chosen
who promises most of it. What is asked of a pair does not depend on it, so nobody is kept from being matched.
It is relative to those who come, so that nothing changes where all accept alike; drawn towards what is usual
while little is known of somebody; and bounded, so that nobody is passed over for less than half as good.
"""

from collections.abc import Iterable

from core.ticket import Offered

_BELIEVED = 4.0  # as if so many offers more had been seen of each, with what is usual
_USUAL = 0.9  # before anything is known of anybody
_LEAST, _MOST = 0.5, 1.5  # times as likely as usual


def likely(offered: Offered, usual: float) -> float:
    """How likely they accept, from 0 to 1."""
    offers = max(0, offered.offers)
    accepted = offers - min(max(0, offered.missed), offers)
    return (accepted + _BELIEVED * usual) / (offers + _BELIEVED)


def usual(latest: Iterable[Offered]) -> float:
    """How likely those who came lately accept: each counts as one, however many offers they had."""
    seen = [likely(offered, _USUAL) for offered in latest if offered.offers]
    return (sum(seen) + _USUAL * _BELIEVED) / (len(seen) + _BELIEVED)


def beside_others(offered: Offered, usual: float) -> float:
    """How many times as likely as `usual` they accept, within bounds."""
    return max(_LEAST, min(_MOST, likely(offered, usual) / usual))
