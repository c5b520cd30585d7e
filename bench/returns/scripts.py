"""How people who were banned come back: what each changes, and what they cannot or forget to.

All clear the device id and give another email. Each is as likely as the next, which is an assumption.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from bench.returns.people import DAY_MS, Crowd, Human

HOUR_MS = 3_600_000
DAYS = 30
Network = Literal["home", "carrier", "vpn", "elsewhere"]


class Script(Struct, frozen=True, kw_only=True):
    """`keeps` of: name, birthday, client, token, mailbox. `after_ms`: the ban, which may be before it.

    Before `from_day` somebody else's network and client are used.
    """

    name: str
    keeps: frozenset[str]
    network: Network
    after_ms: int = HOUR_MS
    from_day: int = 0


def place(crowd: Crowd, human: Human, script: Script, day: int) -> str:
    """Where the new account connects from on this day."""
    if day < script.from_day or script.network == "elsewhere":
        return crowd.home()
    if script.network == "home":
        return human.home
    return crowd.vpn() if script.network == "vpn" else crowd.mobile(human.carrier)


def _script(name: str, keeps: str, network: Network, **more: int) -> Script:
    return Script(name=name, keeps=frozenset(keeps.split()), network=network, **more)


SCRIPTS: Sequence[Script] = (
    _script("clears the device id, no more", "name birthday client", "home"),
    _script("a dot or a tag in the email", "mailbox client", "vpn"),
    _script("all new in the same browser, whose device token stays", "token client", "vpn"),
    _script("new name; same network and phone", "birthday client", "home"),
    _script("new name and birthday; same network and phone", "client", "home"),
    _script("the same, after a week", "client", "home", after_ms=7 * DAY_MS),
    _script("mobile network that changes; same phone", "birthday client", "carrier"),
    _script("the same with a new birthday", "client", "carrier"),
    _script("that after a week", "client", "carrier", after_ms=7 * DAY_MS),
    _script("VPN; same phone", "birthday client", "vpn"),
    _script("VPN, new birthday; same phone", "client", "vpn"),
    _script("a friend's laptop; same network", "birthday", "home"),
    _script("a friend's laptop, new birthday; same network", "", "home"),
    _script("at a friend's; own phone at home from the third day on", "", "home", from_day=2),
    _script("another account, opened before the ban on the same phone", "token birthday client", "home",
            after_ms=-5 * DAY_MS),
    _script("all new, elsewhere", "", "elsewhere"),
    _script("all new, elsewhere, after a week", "", "elsewhere", after_ms=7 * DAY_MS),
)  # fmt: skip


def returned(crowd: Crowd, old: Human, script: Script, banned_at: int) -> Human:
    """The new account. Nobody who lies about their birthday makes themselves much older or younger."""
    new = crowd.human(opened_at=banned_at + script.after_ms)
    aged = old.birth_date + timedelta(days=crowd.chance.randint(-1_100, 1_100))
    keeps = script.keeps
    return replace(
        new,
        gender=old.gender,
        home=old.home,
        carrier=old.carrier,
        name=old.name if "name" in keeps else new.name,
        birth_date=old.birth_date if "birthday" in keeps else aged,
        client=old.client if "client" in keeps else new.client,
        token=old.token if "token" in keeps else new.token,
        email=old.email.replace("@", "+new@") if "mailbox" in keeps else new.email,
    )
