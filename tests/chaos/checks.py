"""What must hold of a history. Pure; each check gives its findings as sentences, and none is good.

What a client shows is what docs/client.md tells it to: a repeat of an event is dropped by its offset, and
where nothing was recovered the history is read.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from tests.chaos.history import (
    Acknowledged,
    Answered,
    Asked,
    CallMoment,
    Closed,
    Ended,
    HangsUp,
    Heard,
    History,
    Moment,
    Overslept,
    Seen,
    Shown,
    Started,
    Told,
    Unserved,
    Welcomed,
)

SOON_S = 1.0  # within which a message is shown when all is well
OUT_OF_SERVICE = {"unavailable"}
# An error that was never raised has no traceback.
_FAULT = re.compile(r"Traceback|\[(?:error|critical)\b")


def lost(history: History) -> list[str]:
    """Messages that were acknowledged, and are not kept, or not shown to each member of the room."""
    kept = {(k.room, k.seq, k.sender, k.number) for k in history.kept}
    shown = {(s.user, s.room, s.sender, s.number) for s in history.of(Shown)}
    found = []
    for ack in history.of(Acknowledged):
        what = f"message {ack.number} of {ack.user} in {ack.room}"
        if (ack.room, ack.seq, ack.user, ack.number) not in kept:
            found.append(f"{what} was acknowledged as {ack.seq}, and the room does not have it")
        found += [
            f"{what} (seq {ack.seq}) was never shown to {member}"
            for member in history.members[ack.room]
            if (member, ack.room, ack.user, ack.number) not in shown
        ]
    return found


def shown_twice(history: History) -> list[str]:
    """Messages told again as if they were new, or kept under two numbers."""
    found, told, seqs = [], set(), defaultdict(set)
    for message in history.of(Shown):
        place = message.user, message.room, message.seq
        if message.way == "told" and place in told:
            found.append(f"{message.user} was told {message.room} {message.seq} twice")
        if message.way == "told":
            told.add(place)
        seqs[message.room, message.sender, message.number].add(message.seq)
    for kept in history.kept:
        seqs[kept.room, kept.sender, kept.number].add(kept.seq)
    return found + [
        f"message {number} of {sender} in {room} is there as {sorted(numbers)}"
        for (room, sender, number), numbers in seqs.items()
        if len(numbers) > 1
    ]


def out_of_order(history: History) -> list[str]:
    """Messages told after a later one of their room; of one sender kept in another order than sent."""
    found: list[str] = []
    last: dict[tuple[int, str], int] = {}
    told: set[tuple[int, str, int]] = set()
    for moment in history.moments:
        if isinstance(moment, Welcomed) and not moment.recovered:
            last = {place: seq for place, seq in last.items() if place[0] != moment.user}
        if not isinstance(moment, Shown) or moment.way != "told":
            continue
        place = moment.user, moment.room
        again = (*place, moment.seq) in told
        told.add((*place, moment.seq))
        if moment.seq < last.get(place, 0) and not again:
            found.append(f"{moment.user} was told {moment.room} {moment.seq} after {last[place]}")
        last[place] = max(moment.seq, last.get(place, 0))
    newest: dict[tuple[str, int], int] = {}
    for kept in sorted(history.kept, key=lambda kept: kept.seq):
        by = kept.room, kept.sender
        if kept.number < newest.get(by, 0):
            found.append(f"{kept.room} has {kept.number} of {kept.sender} after {newest[by]}")
        newest[by] = kept.number
    return found


def in_two_calls(history: History) -> list[str]:
    """Users told that a call started who had not heard of another one's end; and calls of three."""
    found = []
    now: dict[int, str | None] = {}
    members: dict[str, set[int]] = defaultdict(set)
    for moment in history.moments:
        if isinstance(moment, Started | Told):
            members[moment.call].add(moment.user)
        current = now.get(moment.user)
        match moment:
            case Welcomed(call=call, recovered=False):
                now[moment.user] = call  # it begins with what it is told
            case Welcomed(call=str(call)) | Started(call=call) if current not in (None, call):
                found.append(f"{moment.user} was in {current} and came to be in {call}")
                now[moment.user] = call
            case Welcomed(call=str(call)) | Started(call=call):
                now[moment.user] = call
            case Ended(call=call) if call == current:
                now[moment.user] = None
    return found + [f"{call} is one of {sorted(who)}" for call, who in members.items() if len(who) > 2]


def live_calls(history: History) -> dict[str, set[int]]:
    """The calls that were live for both when the fault struck, and those who were in them."""
    state: dict[int, tuple[str, str]] = {}
    for moment in history.moments:
        if moment.at > history.struck:
            break
        match moment:
            case Told(call=call, state=now):
                state[moment.user] = call, now
            case Ended(call=call) if state.get(moment.user, ("",))[0] == call:
                del state[moment.user]
    both: dict[str, set[int]] = defaultdict(set)
    for user, (call, now) in state.items():
        if now == "live":
            both[call].add(user)
    return {call: users for call, users in both.items() if len(users) == 2}


def calls_at_stake(history: History) -> dict[str, set[int]]:
    """Those of them that should survive: neither left nor hung up."""
    left = {moment.user for moment in history.of(Closed) if moment.wanted}
    own_wish = {moment.call for moment in history.of(HangsUp)}
    live = live_calls(history)
    return {call: both for call, both in live.items() if call not in own_wish and not both & left}


def fates(history: History) -> dict[str, list[str]]:
    """Each call at stake, and why it did not survive: ended, not live for both, or no signal passes."""
    after, found = _after(history), {}
    for call, both in calls_at_stake(history).items():
        found[call] = [
            f"{call} {why}" for user in sorted(both) if (why := _why_not(user, after[user, call])) is not None
        ]
    return found


def _why_not(user: int, since: Sequence[CallMoment]) -> str | None:
    ends = [moment.reason for moment in since if isinstance(moment, Ended)]
    states = [moment.state for moment in since if isinstance(moment, Told)] or ["live"]
    if ends:
        return f"ended for {user}: {ends[0]}"
    if states[-1] != "live":
        return f"stays {states[-1]} for {user}"
    if not any(isinstance(moment, Heard) for moment in since):
        return f"brings {user} no signal of the other one"
    return None


def calls_lost(history: History) -> list[str]:
    """Calls at stake that did not survive."""
    return [why for whys in fates(history).values() for why in whys]


def calls_not_told(history: History) -> list[str]:
    """Where calls cannot survive: those whose end somebody was not told."""
    after = _after(history)
    return [
        f"{user} was never told that {call} has ended"
        for call, both in calls_at_stake(history).items()
        for user in sorted(both)
        if not any(isinstance(moment, Ended) for moment in after[user, call])
    ]


def _after(history: History) -> dict[tuple[int, str], list[CallMoment]]:
    """What each user heard of each call since the fault struck."""
    found: dict[tuple[int, str], list[CallMoment]] = defaultdict(list)
    for moment in history.of(CallMoment):
        if moment.at > history.struck:
            found[moment.user, moment.call].append(moment)
    return found


def ghosts(history: History) -> list[str]:
    """Users who are gone, and were still there for others."""
    return [f"{s.user} sees {s.of} as {s.status}" for s in history.of(Seen) if s.status != "offline"]


def unanswered(history: History) -> list[str]:
    """Commands that got no answer in time, though socket and node stayed up, and clients had time to read."""
    return [what for what, excused in _overdue(history) if not excused]


def excused(history: History) -> int:
    """Those that would be among them, had the clients' own process been in time."""
    return sum(excused for _, excused in _overdue(history))


def _overdue(history: History) -> Iterator[tuple[str, bool]]:
    """Each command that was not answered in time, and whether that is for the clients' own delay."""
    answers = {(a.user, a.ask): a for a in history.of(Answered)}
    closed: dict[int, list[float]] = defaultdict(list)
    for moment in history.of(Closed):
        closed[moment.user].append(moment.at)
    still: dict[int, list[Unserved]] = defaultdict(list)
    for unserved in history.of(Unserved):
        still[unserved.user].append(unserved)
    overslept = list(history.of(Overslept))
    end = max((moment.at for moment in history.moments), default=0.0)
    for ask in history.of(Asked):
        since = ask.at
        for unserved in still[ask.user]:  # once its node goes on, it has as long as any other
            if unserved.at <= since + history.answer_s and since <= unserved.until:
                since = unserved.until
        due = since + history.answer_s
        answer = answers.get((ask.user, ask.ask))
        at = end if answer is None else answer.at
        if at <= due or due > end or any(ask.at <= gone <= due for gone in closed[ask.user]):
            continue
        late_s = sum(max(0.0, min(each.at, at) - max(each.at - each.by_s, since)) for each in overslept)
        after_s = at - since - late_s
        what = f"{ask.command} of {ask.user} had no answer for {after_s:.2f} s"
        said = "nothing" if answer is None else answer.code
        place = f"asked {ask.at - history.struck:.1f} s after the fault struck, {said} came"
        yield f"{what} ({place})", after_s <= history.answer_s


def recoveries(history: History) -> list[float]:
    """Of each user who was without service: seconds from then, or the end of the fault, until served again.

    Without service is who has no socket, is told `unavailable`, or is shown a message a second and more after
    it was acknowledged. Infinite for one who was never served again.
    """
    late, by_user = _late(history), history.by_user()
    each = (max(_longest(history, by_user[user]), late.get(user, 0.0)) for user in by_user)
    return sorted(longest for longest in each if longest)


def _late(history: History) -> dict[int, float]:
    """Of each user whom messages reached late: how long it took since the end of the fault."""
    acknowledged = {(a.room, a.seq): a.at for a in history.of(Acknowledged)}
    left = {closed.user for closed in history.of(Closed) if closed.wanted}
    longest: dict[int, float] = {}
    for shown in history.of(Shown):
        sent = acknowledged.get((shown.room, shown.seq), shown.at)
        if shown.user not in left and sent >= history.struck and shown.at > max(sent + SOON_S, history.over):
            after = shown.at - max(sent, history.over)
            longest[shown.user] = max(longest.get(shown.user, 0.0), after)
    return longest


def _longest(history: History, moments: Iterable[Moment]) -> float:
    asked: dict[int, float] = {}
    since, longest = None, 0.0
    for moment in moments:
        match moment:
            case Closed(wanted=True):
                since = None
            case Closed() if since is None and moment.at >= history.struck:
                since = moment.at
            case Asked(ask=ask):
                asked[ask] = moment.at
            case Answered(ask=ask, code=code) if code in OUT_OF_SERVICE and moment.at >= history.struck:
                since = asked.get(ask, moment.at) if since is None else since
            case Answered(ask=ask, code="ok") if since is not None and asked.get(ask, 0.0) >= since:
                longest = max(longest, moment.at - max(since, min(history.over, moment.at)))
                since = None
    return longest if since is None else math.inf


def faults_logged(log: str) -> int:
    """Tracebacks in what a node has logged, and lines of errors."""
    return len(_FAULT.findall(log))
