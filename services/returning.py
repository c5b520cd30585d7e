"""Whether a new account may be that of somebody who was banned. Pure.

What the two have in common is weighed as evidence: a mark counts the more, the fewer accounts bear it (the
negative logarithm of its share among recent accounts, up to a limit for each kind), and an account that was
opened soon after the ban counts for more. The weight has to exceed the logarithm of the number of accounts
of whom any could be the one. A device, mailbox, phone or photo alone is enough. A network alone never is,
however rare: behind it may be a family, a campus or a city.

What many have in common is not rare together, however rare each part is by itself: the pupils of a school
have its tablets, its network and about the same age. So where others in good standing bear all of it too, it
makes no suspect beyond what their share says.

There are two degrees. A suspect is matched with suspects alone, so that takes more than even odds. To be kept
apart from those who have blocked or reported the old account costs an honest user next to nothing, so that
takes little.
"""

from collections.abc import Mapping, Sequence
from math import exp, inf, log

from msgspec import Struct, field

from core.clock import DAY_MS
from db.postgres.suspicions import AS_OLD, Resemblance, SharedMark, Suspicion

SOON = "soon"  # beside the kinds of marks: opened soon after the ban
OF_AGE = frozenset({"age", "person"})  # of the same gender, and about as old


class ReturnRule(Struct, frozen=True, kw_only=True):
    """Weights are natural logarithms of odds.

    A mark of a kind in `proofs` weighs `proof`, unless more than `crowd` accounts bear it: then it tells as
    little as others. `most`: what these weigh at most; an `email` that nobody has shown to be theirs nothing,
    or somebody could be banned under another's. Marks in `grounds` tell nothing by themselves: the
    others have to weigh `own` at least. Those in `seen` others see or can guess, and could be banned under on
    purpose: without any other they make no suspect. Being opened right after the ban weighs `soon`, and less
    with each of `soon_days`. A suspect needs the logarithm of the number of accounts and `suspect_odds`, at
    least `suspect_least`; to be kept apart takes the same of `apart`. Or to be as old, for accounts opened
    within `newcomer_days` after the ban, and for as long: where there are at least `newcomer_accounts`, of
    which at most the share `newcomer_alike` is as old, and as long as that keeps a newcomer from no more than
    the share `newcomer_lost` of them: else a few who annoy everybody on purpose left all of that age alone.
    """

    proofs: frozenset[str] = frozenset({"device", "mailbox", "phone", "photo"})
    proof: float = 20.0
    crowd: int = 5
    grounds: frozenset[str] = frozenset({"network"})
    seen: frozenset[str] = frozenset({"name", "age", "client", SOON})
    most: Mapping[str, float] = field(
        default_factory=lambda: {
            "network": 8.0,
            "client": 5.0,
            "name": 6.0,
            "person": 6.0,
            "age": 2.0,
            "email": 0.0,
        }
    )
    otherwise: float = 8.0
    own: float = 1.5
    soon: float = 2.0
    soon_days: float = 3.0
    suspect_odds: float = 1.0
    suspect_least: float = 9.0
    apart_odds: float = -4.0
    apart_least: float = 4.0
    newcomer_days: float = 30.0
    newcomer_accounts: int = 1_000
    newcomer_alike: float = 0.25
    newcomer_lost: float = 0.02


DEFAULT_RULE = ReturnRule()


def weights(resemblance: Resemblance, accounts: int, rule: ReturnRule = DEFAULT_RULE) -> dict[str, float]:
    """What each kind weighs; of several marks of a kind the one that tells most. `accounts`: recent ones."""
    found: dict[str, float] = {}
    for mark in resemblance.marks:
        found[mark.kind] = max(found.get(mark.kind, 0.0), _weight(mark, accounts, rule))
    if "person" in found and "age" in found:  # who was born on the same day is as old
        found["person"] = max(found["person"], found.pop("age"))
    if sum(weight for kind, weight in found.items() if kind not in rule.grounds) < rule.own:
        return {}
    days = (resemblance.opened_at - resemblance.banned_at) / DAY_MS
    soon = rule.soon * exp(-days / rule.soon_days) if days >= 0 else 0.0
    return {**found, SOON: soon}


def suspicion(resemblance: Resemblance, accounts: int, rule: ReturnRule = DEFAULT_RULE) -> Suspicion | None:
    """What follows from this resemblance; None: nothing."""
    found = {kind: weight for kind, weight in weights(resemblance, accounts, rule).items() if weight >= 0.1}
    weight, crowd = sum(found.values()), log(max(1, accounts))
    if not found or weight < max(rule.apart_least, crowd + rule.apart_odds):
        return _of_a_newcomer(resemblance, accounts, rule)
    weight = min(weight, _together(resemblance, found, accounts, rule))
    enough = weight >= max(rule.suspect_least, crowd + rule.suspect_odds)
    return Suspicion(
        of_user_id=resemblance.of_user_id,
        kind=max(found, key=lambda kind: found[kind]),
        shared=tuple(sorted(found)),
        weight=round(weight, 2),
        suspect=enough and not found.keys() <= rule.seen,
    )


def collective(resemblance: Resemblance, accounts: int, rule: ReturnRule = DEFAULT_RULE) -> tuple[str, ...]:
    """The kinds of marks that make a suspect by being rare together: who else bears all of them has to be
    counted. None where there is a proof, or no suspect."""
    found = None if _proven(resemblance, rule) else suspicion(resemblance, accounts, rule)
    return tuple(kind for kind in found.shared if kind != SOON) if found and found.suspect else ()


def suspicions(
    resemblances: Sequence[Resemblance], accounts: int, rule: ReturnRule = DEFAULT_RULE
) -> list[Suspicion]:
    """What follows from all of these. Of those who are merely as old, the last ban counts first."""
    found, room = [], rule.newcomer_lost * accounts
    for resemblance in sorted(resemblances, key=lambda each: -each.banned_at):
        suspected = suspicion(resemblance, accounts, rule)
        if suspected is None or (suspected.kind == AS_OLD and resemblance.avoiders > room):
            continue
        if suspected.kind == AS_OLD:
            room -= resemblance.avoiders
        found.append(suspected)
    return found


def _together(resemblance: Resemblance, found: Mapping[str, float], accounts: int, rule: ReturnRule) -> float:
    """What all of it weighs at most."""
    if not resemblance.together or _proven(resemblance, rule):
        return inf
    return max(0.0, log(max(1, accounts) / resemblance.together)) + found.get(SOON, 0.0)


def _of_a_newcomer(resemblance: Resemblance, accounts: int, rule: ReturnRule) -> Suspicion | None:
    """What follows where nothing else tells: it weighs nothing, so that whatever does weighs more."""
    after, old = resemblance.opened_at - resemblance.banned_at, resemblance.seen_at - resemblance.opened_at
    alike = min((mark.bearers for mark in resemblance.marks if mark.kind in OF_AGE), default=accounts)
    rare = accounts >= rule.newcomer_accounts and alike <= rule.newcomer_alike * accounts
    if not rare or after < 0 or max(after, old) > rule.newcomer_days * DAY_MS:
        return None
    return Suspicion(
        of_user_id=resemblance.of_user_id, kind=AS_OLD, shared=(AS_OLD,), weight=0, suspect=False
    )


def _proves(mark: SharedMark, rule: ReturnRule) -> bool:
    return mark.kind in rule.proofs and mark.bearers <= rule.crowd


def _proven(resemblance: Resemblance, rule: ReturnRule) -> bool:
    return any(_proves(mark, rule) for mark in resemblance.marks)


def _weight(mark: SharedMark, accounts: int, rule: ReturnRule) -> float:
    if _proves(mark, rule):
        return rule.proof
    rarity = log(max(1, accounts) / max(1, mark.bearers))
    return min(rule.most.get(mark.kind, rule.otherwise), max(0.0, rarity))
