"""The decision after a call: who makes it, and whether the votes connect the two. Pure.

A policy says, for the genders of the two, who decides. Votes are sealed: until the deadline a decision is
either `connected` or still open, so that nobody can tell a refusal from silence.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from core.vocabulary import Decider, DecisionPolicy

Policy = Callable[[str, str], Decider]

_SHE_ALONE: Mapping[tuple[str, str], Decider] = MappingProxyType(
    {("female", "male"): "you", ("male", "female"): "peer"}
)

POLICIES: Mapping[DecisionPolicy, Policy] = MappingProxyType(
    {
        "female_decides": lambda own, peer: _SHE_ALONE.get((own, peer), "both"),
        "mutual": lambda own, peer: "both",  # noqa: ARG005
        "either": lambda own, peer: "either",  # noqa: ARG005
    }
)

_MEANING: Mapping[Decider, Callable[[bool, bool], bool]] = MappingProxyType(
    {
        "you": lambda own, peer: own,  # noqa: ARG005
        "peer": lambda own, peer: peer,  # noqa: ARG005
        "both": lambda own, peer: own and peer,
        "either": lambda own, peer: own or peer,
    }
)


def decider(policy: DecisionPolicy, own: str, peer: str) -> Decider:
    """The one who decides, seen by the user of gender `own`; for the peer it is the other way round."""
    return POLICIES[policy](own, peer)


def agreed(policy: DecisionPolicy, genders: tuple[str, str], votes: tuple[bool | None, bool | None]) -> bool:
    """Whether these votes connect the two. If not, the decision stays open. None: no vote yet."""
    own, peer = votes
    return _MEANING[decider(policy, *genders)](own is True, peer is True)
