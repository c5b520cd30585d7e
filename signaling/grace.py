"""For how long a call waits for somebody who is away, and what of it was talk. Pure; the table asks."""

from typing import Any

from msgspec.structs import replace

from signaling.call import Call, Rules, State


def pause(call: Call, now: int, rules: Rules) -> Call:
    """Not live any more: the grace counts from then, once, whatever happens until it is live again."""
    if call.away_since is not None:
        return call
    return replace(
        stop_talk(call, now),
        state=State.RECONNECTING,
        away_since=now,
        deadline=now + rules.grace_s * 1000,
    )


def stop_talk(call: Call, now: int) -> Call:
    """Count the time in which it has been live."""
    since = call.live_at if call.state is State.LIVE and call.live_since is None else call.live_since
    talk = 0 if since is None else max(0, now - since)  # another node's clock may be behind
    return replace(call, talked_ms=call.talked_ms + talk, live_since=None)


def returned(call: Call, user_id: str, now: int, rules: Rules, **changes: Any) -> Call:
    """This user is here, and was perhaps lost: then there is the time that it takes to connect.

    However often one comes and goes, that is no more than `connect_s` after the grace.
    """
    was_lost = call.party(user_id).lost
    call = call.with_party(user_id, lost=False, **changes)
    if not was_lost or call.away_since is None or call.deadline is None or somebody_lost(call):
        return call
    most = call.away_since + (rules.grace_s + rules.connect_s) * 1000
    return replace(call, deadline=max(call.deadline, min(now + rules.connect_s * 1000, most)))


def somebody_lost(call: Call) -> bool:
    """Whether one of the two is away."""
    return any(party.lost for party in call.parties)
