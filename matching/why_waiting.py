"""Why a user still waits, as far as they may know it (`queue:explain`). Pure: `Queue` asks the stores.

A user is told what they could change themselves: whom they seek, and their wishes. Whatever lies between two
people or with the other is one reason, `kept_apart`: met lately, a block either way, a ban, the tier of
trust, the device, the other's own ages and wishes. So nobody can tell who has blocked them, whether somebody
whom they know waits, or how they are trusted themselves. `asked_more` are those who pass all of that and are
not offered, because more is asked of the pair than it is worth.
"""

from collections import Counter
from collections.abc import Collection, Sequence, Set

from msgspec.structs import replace

from core.ticket import Census, Ticket
from matching.policy import Asks, Policy
from matching.rules import unmet_wish

KEPT_APART, ASKED_MORE = "kept_apart", "asked_more"

Judged = Sequence[Sequence[tuple[str, str | None]]]  # by pool: the users drawn, and why each is not offered


def reason(
    policy: Policy, one: Ticket, other: Ticket, apart: Set[str], now: int, reservation_values: Asks
) -> str | None:
    """Why `other` is not offered to `one`, in the words that `one` may read; None: they may be offered.

    `apart` are users whom `one` must not meet, for whatever reason.
    """
    why = policy.removed(one, other, apart, now)
    if why is None:
        worth_it = policy.score(one, other, now) >= reservation_values.asked(one, other, now)
        return None if worth_it else ASKED_MORE
    outside = not one.age_min <= other.card.age <= one.age_max
    own_wish = unmet_wish(one, other, now - one.joined_at, policy.relaxation)
    told = why == "gender" or (why == "age" and outside) or why == own_wish
    return why if told else KEPT_APART


def judge(
    policy: Policy, one: Ticket, census: Census, apart: Set[str], now: int, reservation_values: Asks
) -> Judged:
    """The `reason` of each ticket drawn. Whether an offer could be made to them is not asked yet.

    Where people go is left out: nobody learns here whether somebody who waits goes where they go.
    """
    one = replace(one, haunts=())
    return [
        [(other.user_id, reason(policy, one, other, apart, now, reservation_values)) for other in pool.drawn]
        for pool in census.pools
    ]


def permitted(judged: Judged) -> Collection[str]:
    """The users for whom it remains to be asked whether an offer could be made to them."""
    return [user_id for pool in judged for user_id, why in pool if why in (None, ASKED_MORE)]


def tally(census: Census, judged: Judged, unfit: Set[str]) -> tuple[int, dict[str, int]]:
    """How many of all who wait may be offered, and how many may not, by reason. `unfit` can have no offer.

    Those who do not fit by gender are counted. If only some of a pool were drawn, their share stands for all.
    """
    counts: Counter[str | None] = Counter()
    counts["gender"] = census.waiting - sum(pool.number for pool in census.pools)
    for pool, drawn in zip(census.pools, judged, strict=True):
        found = Counter(KEPT_APART if user_id in unfit else why for user_id, why in drawn)
        for why, number in found.items():
            counts[why] += round(number * pool.number / len(drawn))
    candidates = counts.pop(None, 0)
    return candidates, {str(why): number for why, number in counts.items() if number > 0}
