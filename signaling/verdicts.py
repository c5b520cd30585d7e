"""Verdicts: why a call went as it did, in a sentence that a person understands. Pure.

`RULES` is the table, what has ended the call before what only troubled it: the first rule that holds counts,
and in each of its parts everybody's own comes before the other one's, of which they read only `other`.
`VERDICTS` has every code with its sentence, in which `{name}` stands for a value: clients may say it in their
own words, by the code and the values.
"""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from signaling.facts import Facts, Side
from signaling.timeline import Note

Values = Mapping[str, float]
_PLAIN: Values = {}

VERDICTS: Mapping[str, str] = {
    # What is one's own
    "microphone_refused": "You never gave access to the microphone.",
    "microphone_missing": "No microphone was found.",
    "microphone_busy": "Another program had the microphone or the camera.",
    "camera_refused": "You never gave access to the camera.",
    "asleep": "Your device was asleep and did not answer.",
    "no_answer": "You did not answer in time.",
    "declined": "You declined.",
    "cancelled": "You gave up ringing.",
    "relay_refused": "The relay refused the password of this call, so it could not connect.",
    "relay_silent": "This call was kept on relays, and the relay did not answer.",
    "not_begun": "Your app accepted and then never began to connect.",
    "left_page": "You left the page.",
    "connection_lost": "Your connection was lost and did not come back in time.",
    "media_late": "The sound and picture of the other side never reached you.",
    "loss_up": "{percent} % of what you sent was lost on the way.",
    "slow": "What you sent took {ms} ms there and back.",
    "was_away": "Your connection was away for {seconds} s and came back.",
    "gave_up": "You left before the call was connected.",
    "skipped": "You went on to the next.",
    "hung_up": "You hung up.",
    # What is told of the other side
    "other_side": "The cause was at the other side.",
    "other_no_answer": "The other side did not answer.",
    "other_declined": "The other side declined.",
    "other_cancelled": "The other side stopped ringing.",
    "other_left": "The other side left the page.",
    "other_gave_up": "The other side left before the call was connected.",
    "other_skipped": "The other side went on to the next.",
    "other_hung_up": "The other side hung up.",
    # Of the call
    "server_lost": "The server had lost what it knew of this call.",
    "no_way": "There was no way between the two networks, and no relay to help.",
    "no_media": "The two could not reach each other.",
    "both_lost": "Both sides lost their connection.",
    "media_lost": "Sound and picture stopped and did not come back in time.",
    "network_changed": "The network changed, and the call came back in {seconds} s.",
    "max_duration": "The call reached its longest time.",
    "moderated": "The call was ended by moderation.",
    "ended": "The call is over.",
    "going_on": "The call is going on.",
}
# What admins read of one side, where the sentence for that side itself says “you”.
OF_ONE: Mapping[str, str] = {
    "microphone_refused": "One side never gave access to the microphone.",
    "microphone_missing": "One side had no microphone.",
    "microphone_busy": "Another program had the microphone or the camera of one side.",
    "camera_refused": "One side never gave access to the camera.",
    "asleep": "The device of one side was asleep and did not answer.",
    "no_answer": "One side did not answer in time.",
    "declined": "One side declined.",
    "cancelled": "The one who called stopped ringing.",
    "not_begun": "The app of one side accepted and then never began to connect.",
    "left_page": "One side left the page.",
    "connection_lost": "The connection of one side was lost and did not come back in time.",
    "media_late": "Sound and picture reached one side only.",
    "loss_up": "{percent} % of what one side sent was lost on the way.",
    "slow": "What one side sent took {ms} ms there and back.",
    "was_away": "The connection of one side was away for {seconds} s and came back.",
    "gave_up": "One side left before the call was connected.",
    "skipped": "One side went on to the next.",
    "hung_up": "One side hung up.",
}

_LOSS = 0.1
_SLOW_MS = 800
_AWAY_MS = 1_000


class Verdict(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`user_id`: whose trouble it was, if it was one's. Stored: see `core/stored.py`."""

    code: str
    values: dict[str, float] = {}
    user_id: str | None = None

    @property
    def text(self) -> str:
        """For the one whom it is about, or for either."""
        return _filled(VERDICTS.get(self.code, VERDICTS["ended"]), self.values)

    @property
    def of_one(self) -> str:
        """For admins."""
        return _filled(OF_ONE.get(self.code, VERDICTS.get(self.code, VERDICTS["ended"])), self.values)


class Rule(Struct, frozen=True):
    """`holds` gives the values of the sentence, or None. `other`: what the other one reads; None: it too."""

    code: str
    holds: Callable[[Facts, Side, Side], Values | None]
    other: str | None = "other_side"


def whole(notes: Sequence[Note], users: Sequence[str]) -> Verdict:
    """For admins: of the whole call."""
    facts = Facts.of(notes, users)
    for rules in RULES if facts.reason else ():
        if found := _found(facts, _pairs(facts), rules):
            return found
    return _plain(facts)


def for_each(notes: Sequence[Note], users: Sequence[str]) -> dict[str, Verdict]:
    """For each of these users: their own causes, of the other's only what that one's rule allows."""
    facts = Facts.of(notes, users)
    return {side.user_id: _seen_by(facts, side, other) for side, other in _pairs(facts)}


def _seen_by(facts: Facts, own: Side, other: Side) -> Verdict:
    for rules in RULES if facts.reason else ():
        whose = [rule for rule in rules if rule.other is not None]
        found = _found(facts, [(own, other)], whose) or _found(facts, [(own, other), (other, own)], rules)
        if found is not None:
            return found if found.user_id != other.user_id else Verdict(code=_OTHERS[found.code])
    return _plain(facts)


def _plain(facts: Facts) -> Verdict:
    return Verdict(code="ended" if facts.reason else "going_on")


def _found(facts: Facts, pairs: Sequence[tuple[Side, Side]], rules: Sequence[Rule]) -> Verdict | None:
    for rule in rules:
        for side, other in pairs:
            if (values := rule.holds(facts, side, other)) is not None:
                whose = None if rule.other is None else side.user_id
                return Verdict(code=rule.code, values=dict(values), user_id=whose)
    return None


def _pairs(facts: Facts) -> list[tuple[Side, Side]]:
    if len(facts.sides) == 1:
        return [(facts.sides[0], Side(user_id=""))]
    first, second = facts.sides
    return [(first, second), (second, first)]


def _filled(text: str, values: Values) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", f"{value:g}")
    return text


# The rules


def _if(holds: Callable[[Facts, Side, Side], bool]) -> Callable[[Facts, Side, Side], Values | None]:
    return lambda facts, side, other: _PLAIN if holds(facts, side, other) else None


def _kept(problem: str) -> Callable[[Facts, Side, Side], Values | None]:
    """This trouble with a device kept this side from talking."""

    def holds(_facts: Facts, side: Side, _other: Side) -> bool:
        return problem in side.problems and (side.by or not side.connected)

    return _if(holds)


def _unconnected(facts: Facts) -> bool:
    """It did not connect, or not again, though nobody was in the way."""
    return facts.reason in {"media_failed", "connection_lost"} and not any(s.lost for s in facts.sides)


def _gone(facts: Facts, side: Side) -> bool:
    """This side was lost, and that is what the call ended of."""
    return side.lost and facts.state != "offered" and not side.by


def _relay_refused(facts: Facts, side: Side, _other: Side) -> bool:
    failed = facts.reason != "max_duration" and not side.connected
    return failed and "relay_refused" in side.problems


def _relay_silent(facts: Facts, side: Side, _other: Side) -> bool:
    failed = _unconnected(facts) and not side.connected
    without = facts.policy == "relay" and side.signalled and not side.candidates.get("relay")
    return failed and ("relay_silent" in side.problems or without)


def _no_way(facts: Facts, side: Side, other: Side) -> bool:
    none = not side.candidates.get("relay") and not other.candidates.get("relay")
    return _unconnected(facts) and none and side.signalled and other.signalled


def _loss(facts: Facts, side: Side, _other: Side) -> Values | None:
    return {"percent": round(side.loss * 100)} if facts.was_live and side.loss >= _LOSS else None


def _slow(facts: Facts, side: Side, _other: Side) -> Values | None:
    return {"ms": round(side.rtt_ms)} if facts.was_live and side.rtt_ms >= _SLOW_MS else None


def _back(facts: Facts, _side: Side, _other: Side) -> Values | None:
    came = facts.restarted and facts.away_ms > 0
    return {"seconds": round(facts.away_ms / 1000, 1)} if came else None


def _away(_facts: Facts, side: Side, _other: Side) -> Values | None:
    came = side.away_ms >= _AWAY_MS and not side.lost
    return {"seconds": round(side.away_ms / 1000, 1)} if came else None


def _by(reason: str, *, started: bool | None = None) -> Callable[[Facts, Side, Side], Values | None]:
    def holds(facts: Facts, side: Side, _other: Side) -> bool:
        when = started is None or (facts.state != "offered") is started
        return side.by and facts.reason == reason and when

    return _if(holds)


def _unanswered(facts: Facts, side: Side, other: Side) -> bool:
    missed = facts.reason == "no_answer" and not side.accepted and not side.by
    return missed and not other.silent


_ENDED_BY: Sequence[Rule] = (
    Rule("server_lost", _if(lambda facts, *_: facts.server_lost), other=None),
    Rule("moderated", _if(lambda facts, *_: facts.reason == "moderated"), other=None),
    Rule("microphone_refused", _kept("microphone_refused")),
    Rule("microphone_missing", _kept("microphone_missing")),
    Rule("microphone_busy", _kept("microphone_busy")),
    Rule("camera_refused", _kept("camera_refused")),
    Rule("declined", _by("declined"), other="other_declined"),
    Rule("cancelled", _by("cancelled"), other="other_cancelled"),
    Rule("skipped", _by("skipped", started=False), other="other_skipped"),
    Rule(
        "asleep",
        _if(lambda facts, side, _: facts.reason == "no_answer" and side.silent),
        other="other_no_answer",
    ),
    Rule("no_answer", _if(_unanswered), other="other_no_answer"),
    Rule("relay_refused", _if(_relay_refused)),
    Rule("relay_silent", _if(_relay_silent)),
    Rule("both_lost", _if(lambda facts, a, b: _gone(facts, a) and _gone(facts, b)), other=None),
    Rule(
        "left_page",
        _if(lambda facts, side, _: _gone(facts, side) and side.left),
        other="other_left",
    ),
    Rule("connection_lost", _if(lambda facts, side, _: _gone(facts, side))),
    Rule(
        "not_begun",
        _if(lambda facts, side, other: _unconnected(facts) and not side.signalled and other.signalled),
    ),
    Rule("no_way", _if(_no_way), other=None),
    Rule(
        "media_late",
        _if(lambda facts, side, other: _unconnected(facts) and not side.connected and other.connected),
    ),
    Rule("media_lost", _if(lambda facts, *_: _unconnected(facts) and facts.was_live), other=None),
    Rule("no_media", _if(lambda facts, *_: _unconnected(facts)), other=None),
)
_TROUBLED_BY: Sequence[Rule] = (
    Rule("loss_up", _loss),
    Rule("slow", _slow),
    Rule("network_changed", _back, other=None),
    Rule("was_away", _away),
)
_WITHOUT_TROUBLE: Sequence[Rule] = (
    Rule("max_duration", _if(lambda facts, *_: facts.reason == "max_duration"), other=None),
    Rule(
        "gave_up",
        _if(lambda facts, side, _: side.by and facts.reason in {"hung_up", "skipped"} and not facts.was_live),
        other="other_gave_up",
    ),
    Rule("skipped", _by("skipped"), other="other_skipped"),
    Rule("hung_up", _by("hung_up"), other="other_hung_up"),
)
RULES: Sequence[Sequence[Rule]] = (_ENDED_BY, _TROUBLED_BY, _WITHOUT_TROUBLE)
_OTHERS = {rule.code: rule.other for rules in RULES for rule in rules if rule.other is not None}
