"""How long a call waits for a user who was lost, and how much of its time was talk. Pure."""

from typing import Any

from msgspec.structs import replace

from signaling.call import Call, Rules, State


def pause(call: Call, now: int, rules: Rules) -> Call:
    """The call is no longer live. The grace starts once and is not prolonged until it is live again."""
    if call.away_since is not None:
        return call
    return replace(
        stop_talk(call, now),
        state=State.RECONNECTING,
        away_since=now,
        deadline=now + rules.grace_s * 1000,
    )


def stop_talk(call: Call, now: int) -> Call:
    """Add the time since the call last became live to its talk."""
    since = call.live_at if call.state is State.LIVE and call.live_since is None else call.live_since
    talk = 0 if since is None else max(0, now - since)  # another node's clock may be behind
    return replace(call, talked_ms=call.talked_ms + talk, live_since=None)


def returned(call: Call, user_id: str, now: int, rules: Rules, **changes: Any) -> Call:
    """This user is here. If they were lost, the call waits as long as media takes to connect (`connect_s`).

    However often they come and go, the call waits no longer than `connect_s` after the grace.
    """
    was_lost = call.party(user_id).lost
    call = call.with_party(user_id, lost=False, **changes)
    if not was_lost or call.away_since is None or call.deadline is None or somebody_lost(call):
        return call
    most = call.away_since + (rules.grace_s + rules.connect_s) * 1000
    return replace(call, deadline=max(call.deadline, min(now + rules.connect_s * 1000, most)))


def somebody_lost(call: Call) -> bool:
    """Whether one of the two is lost."""
    return any(party.lost for party in call.parties)
