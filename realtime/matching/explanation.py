"""Why somebody still waits, as far as they may know it. Pure: `realtime/queue.py` asks the stores.

Told is what one could change oneself: whom one seeks, one's wishes. Whatever stands between two people or
lies with the other is one reason, `kept_apart`: met lately, a block either way, a ban, the tier of trust,
the device, the other's own ages and wishes. So nobody can tell who has blocked them, whether somebody whom
they know waits, or how they are trusted themselves.
"""

from collections import Counter
from collections.abc import Collection, Set

from core.ticket import Census, Ticket
from realtime.matching.policy import Policy
from realtime.matching.rules import unmet_wish

KEPT_APART = "kept_apart"


def reason(policy: Policy, one: Ticket, other: Ticket, apart: Set[str], now: int) -> str | None:
    """What keeps `other` from `one`, in the words that `one` may hear; None: they may be offered.

    `apart` are users whom `one` is not to meet, whatever for.
    """
    why = policy.removed(one, other, apart, now)
    if why is None or why == "gender":
        return why
    outside = not one.age_min <= other.card.age <= one.age_max
    own_wish = unmet_wish(one, other, now - one.joined_at, policy.relaxation)
    return why if (why == "age" and outside) or why == own_wish else KEPT_APART


def permitted(policy: Policy, one: Ticket, census: Census, apart: Set[str], now: int) -> Collection[str]:
    """The users drawn whom nothing keeps from `one` so far."""
    drawn = (other for pool in census.pools for other in pool.drawn)
    return [other.user_id for other in drawn if reason(policy, one, other, apart, now) is None]


def tally(
    policy: Policy, one: Ticket, census: Census, apart: Set[str], now: int
) -> tuple[int, dict[str, int]]:
    """How many of all who wait may be offered to `one`, and how many not, by reason.

    Who does not fit by gender is counted; of a pool of which only some were drawn, those stand for all.
    """
    counts: Counter[str | None] = Counter()
    counts["gender"] = census.waiting - sum(pool.number for pool in census.pools)
    for pool in census.pools:
        found = Counter(reason(policy, one, other, apart, now) for other in pool.drawn)
        for why, number in found.items():
            counts[why] += round(number * pool.number / len(pool.drawn))
    candidates = counts.pop(None, 0)
    return candidates, {str(why): number for why, number in counts.items() if number > 0}
