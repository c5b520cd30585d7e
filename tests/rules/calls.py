"""A call with both its ends, and a clock that only moves when told."""

from typing import Any

import msgspec

from core.vocabulary import DecisionPolicy, Gender
from signaling.call import Rules, offer
from signaling.echo import echo_call, echo_id
from signaling.effects import Effect, Emit, Requeue
from signaling.messages import Accept, CallMessage, Connected, Deadline, Hangup
from signaling.transitions import advance
from tests.rules.people import ANA, BEN, claim

STRANGER = "00000000-0000-7000-8000-00000000000c"
PHONE, LAPTOP = "a-phone", "a-laptop"


class Table:
    """Both ends of a call, and a clock that only moves when told."""

    def __init__(
        self,
        *genders: Gender,
        policy: DecisionPolicy = "female_decides",
        max_restarts: int = 10,
        relays: bool = False,
    ) -> None:
        relays_in = frozenset({""} if relays else ())
        self.rules = Rules(policy=policy, max_restarts=max_restarts, relays_in=relays_in)
        self.now = 10_000
        self.call = offer(claim(*(genders or ("female", "male"))), self.now, self.rules)
        self.effects: list[Effect] = []

    def say(self, message: CallMessage) -> list[Effect]:
        self.call, effects = advance(self.call, message, self.now, self.rules)
        self.effects += effects
        return list(effects)

    def wait(self, seconds: int) -> list[Effect]:
        self.now += seconds * 1000
        return self.say(Deadline())

    def start(self) -> "Table":
        self.say(Accept(ANA, PHONE))
        self.say(Accept(BEN, "b-phone"))
        return self

    def go_live(self) -> "Table":
        self.start()
        self.say(Connected(ANA, PHONE, 1))
        self.say(Connected(BEN, "b-phone", 1))
        return self

    def hang_up(self) -> "Table":
        self.go_live()
        self.say(Hangup(BEN))
        return self


class EchoTable(Table):
    """Ana's call with the server itself."""

    def __init__(self) -> None:
        super().__init__()
        call_id = "00000000-0000-7000-8000-0000000000ee"
        self.echo = echo_id(call_id)
        self.call = echo_call(
            call_id,
            ANA,
            device=PHONE,
            process="a-process",
            mode="video",
            region="main",
            now=self.now,
            rules=self.rules,
        )

    def start(self) -> "EchoTable":
        self.say(Accept(ANA, PHONE))
        return self

    def go_live(self) -> "EchoTable":
        self.start()
        self.say(Connected(ANA, PHONE, 1))
        self.say(Connected(self.echo, "a-process", 1))
        return self


def told(effects: list[Effect], user_id: str, name: str) -> list[dict[str, Any]]:
    return [said(e) for e in effects if isinstance(e, Emit) and e.user_id == user_id and e.name == name]


def said(emit: Emit) -> dict[str, Any]:
    """What an event says."""
    found: dict[str, Any] = msgspec.json.decode(emit.data)
    return found


def requeued(effects: list[Effect]) -> list[str]:
    return [e.ticket.user_id for e in effects if isinstance(e, Requeue)]
