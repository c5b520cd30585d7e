"""Why somebody still waits, as far as they may know it. Pure: `Queue` asks the stores.

Told is what one could change oneself: whom one seeks, one's wishes. Whatever stands between two people or
lies with the other is one reason, `kept_apart`: met lately, a block either way, a ban, the tier of trust,
the device, the other's own ages and wishes. So nobody can tell who has blocked them, whether somebody whom
they know waits, or how they are trusted themselves. Who passes all that and is not offered is `asked_more`.
"""

from collections import Counter
from collections.abc import Collection, Sequence, Set

from core.ticket import Census, Ticket
from matching.policy import Asks, Policy
from matching.rules import unmet_wish

KEPT_APART, ASKED_MORE = "kept_apart", "asked_more"

Judged = Sequence[Sequence[tuple[str, str | None]]]  # by pool: the users drawn, and what keeps each away


def reason(
    policy: Policy, one: Ticket, other: Ticket, apart: Set[str], now: int, outlook: Asks
) -> str | None:
    """What keeps `other` from `one`, in the words that `one` may hear; None: they may be offered.

    `apart` are users whom `one` is not to meet, whatever for.
    """
    why = policy.removed(one, other, apart, now)
    if why is None:
        worth_it = policy.score(one, other, now) >= outlook.asked(one, other, now)
        return None if worth_it else ASKED_MORE
    outside = not one.age_min <= other.card.age <= one.age_max
    own_wish = unmet_wish(one, other, now - one.joined_at, policy.relaxation)
    told = why == "gender" or (why == "age" and outside) or why == own_wish
    return why if told else KEPT_APART


def judge(policy: Policy, one: Ticket, census: Census, apart: Set[str], now: int, outlook: Asks) -> Judged:
    """What keeps those who were drawn from `one`, by what is known of them so far."""
    return [
        [(other.user_id, reason(policy, one, other, apart, now, outlook)) for other in pool.drawn]
        for pool in census.pools
    ]


def permitted(judged: Judged) -> Collection[str]:
    """Those of whom it is yet to be asked whether an offer could be made to them."""
    return [user_id for pool in judged for user_id, why in pool if why in (None, ASKED_MORE)]


def tally(census: Census, judged: Judged, unfit: Set[str]) -> tuple[int, dict[str, int]]:
    """How many of all who wait may be offered, and how many not, by reason. `unfit` can have no offer.

    Who does not fit by gender is counted; of a pool of which only some were drawn, those stand for all.
    """
    counts: Counter[str | None] = Counter()
    counts["gender"] = census.waiting - sum(pool.number for pool in census.pools)
    for pool, drawn in zip(census.pools, judged, strict=True):
        found = Counter(KEPT_APART if user_id in unfit else why for user_id, why in drawn)
        for why, number in found.items():
            counts[why] += round(number * pool.number / len(drawn))
    candidates = counts.pop(None, 0)
    return candidates, {str(why): number for why, number in counts.items() if number > 0}
