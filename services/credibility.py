"""Whose word counts against somebody before a moderator has looked: for suspension and for trust. Pure.

Accounts cost nothing, so nobody may be able to accuse whom they like with accounts of their own. A word
counts only of somebody

- who has met the accused in a call that was answered, whose reports were not dismissed more often than found
  right, and who is no suspect, unless the accused is one too: suspects meet nobody else;
- whom strangers know: matching has brought them together, in answered calls, with several people on more than
  one day. Nobody is a stranger who accuses the same user, or shares a device or a network with one who does:
  a ring that meets only itself knows nobody.

All who share a device or a network are one person here. What a moderator has found right counts, whoever has
said it.
"""

from collections.abc import Iterable, Mapping, Set

from msgspec import Struct

from db.postgres.accusations import Accusation, Accuser


class Credibility(Struct, frozen=True, kw_only=True):
    """How many strangers have to know somebody whose word counts, and on how many days they have met."""

    strangers: int = 3
    days: int = 2

    def counted(self, said: Accusation) -> list[Accuser]:
        """Those whose word counts, with their latest; of several who may be one person the most trusted."""
        homes = households(said.marks)
        inside = {_home(homes, user) for user in (said.accused, *(each.user_id for each in said.accusers))}
        heard: dict[str, Accuser] = {}
        for each in sorted(said.accusers, key=_rank):
            right = credible(each, said.tier) and self._known(each, homes, inside)
            if right or each.found_right:
                heard[_home(homes, each.user_id)] = each
        return list(heard.values())

    def _known(self, accuser: Accuser, homes: Mapping[str, str], inside: Set[str]) -> bool:
        if accuser.company is None:
            return True
        met = [(_home(homes, each.user_id), each.day) for each in accuser.company]
        strangers = {home for home, _ in met} - inside
        days = {day for home, day in met if home in strangers}
        return len(strangers) >= self.strangers and len(days) >= self.days


DEFAULT_CREDIBILITY = Credibility()


def credible(accuser: Accuser, about: str = "neutral") -> bool:
    """Whether somebody in the tier `about` is accused by one who has met them, and is mostly right."""
    mostly_right = accuser.dismissed <= accuser.upheld + 1
    return accuser.met_them and mostly_right and (accuser.tier != "suspect" or about == "suspect")


def households(marks: Mapping[str, Iterable[bytes]]) -> dict[str, str]:
    """One of them for each of these users: the same for all who share a mark, also by way of others."""
    parents: dict[str, str] = {}
    first: dict[bytes, str] = {}
    for user in sorted(marks):
        for mark in marks[user]:
            parents[_root(parents, user)] = _root(parents, first.setdefault(mark, user))
    return {user: _root(parents, user) for user in marks}


def _root(parents: dict[str, str], user: str) -> str:
    while (above := parents.get(user, user)) != user:
        parents[user] = parents.get(above, above)
        user = above
    return user


def _home(homes: Mapping[str, str], user: str) -> str:
    return homes.get(user, user)


def _rank(accuser: Accuser) -> tuple[bool, int]:
    return accuser.tier == "trusted", accuser.at
