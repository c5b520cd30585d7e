"""Whether both servers answer alike: nothing is worth comparing that does not do the same."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from bench.rest import filling
from bench.rest.asking import Asking
from bench.rest.load import HttpLane, request

_WHERE = re.compile(rb"http://127\.0\.0\.1(:\d+)?")
_OWN = frozenset(
    ("id", "at", "created_at", "reversible_until", "location_id", "reward_id", "level_since", "day")
)
Ask = Callable[[bytes], Awaitable[tuple[int, Any]]]


async def differences(asking: Asking, ours: HttpLane, peer: HttpLane) -> list[str]:
    """What one of the two does otherwise, in words; none is as it should be."""
    found: list[str] = []
    for name, make in asking.rows.items():
        if name not in ("profile", "feed", "near-by"):
            continue
        for _ in range(20):
            asked = make()
            one, other = await answered(ours, asked), await answered(peer, asked)
            if one != other or one[0] != 200:
                found.append(f"{name}: {one} and {other}")
                break
    for name, seen in zip(
        ("ours", "peer"), [await _acts(asking, lane) for lane in (ours, peer)], strict=True
    ):
        found += [f"{name}: {each}" for each in seen]
    journeys = [(await answered(lane, asking.check_in(asking.visitor())))[1] for lane in (ours, peer)]
    one, other = (_without_own(each) for each in journeys)
    if one != other:
        found.append(f"check-in: {one} and {other}")
    return found


async def _acts(asking: Asking, lane: HttpLane) -> list[str]:
    """What is not as it has to be with either."""
    wrong: list[str] = []

    async def expect(what: str, asked: bytes, status: int, *, same: Any = None) -> Any:
        got, body = await answered(lane, asked)
        if got != status or (same is not None and body != same):
            wrong.append(f"{what}: {got} {body}")
        return body

    blocked = filling.people(asking.size) - 1
    await expect("somebody blocked is shown", asking.profile(0, blocked), 404)
    await expect("a stranger is let in", request("GET", "/v1/feed", "x" + asking.token(0)[1:]), 401)
    visitor, key = asking.visitor(), asking.key()
    asked = asking.check_in(visitor, key)
    done = await expect("a check-in", asked, 201)
    if not done["check_in"]["counts"]:
        wrong.append(f"a check-in does not count: {done}")
    await expect("its copy", asked, 201, same=done)
    reward, key = asking.reward(), asking.key()
    asked = asking.redeem(reward, key)
    done = await expect("a redemption", asked, 201)
    await expect("its copy", asked, 201, same=done)
    await expect("another redemption", asking.redeem(reward, asking.key()), 409)
    return wrong


async def answered(lane: HttpLane, asked: bytes) -> tuple[int, Any]:
    """Status and what is said, without nulls and where the server is."""
    head, _, body = (await lane.ask(asked)).partition(b"\r\n\r\n")
    return int(head[9:12]), _said(msgspec.json.decode(_WHERE.sub(b"", body)))


def _said(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _said(each) for name, each in value.items() if each is not None and each is not False}
    return [_said(each) for each in value] if isinstance(value, list) else value


def _without_own(value: Any) -> Any:
    """Without what differs between two people who do the same."""
    if isinstance(value, dict):
        return {name: _without_own(each) for name, each in value.items() if name not in _OWN}
    return [_without_own(each) for each in value] if isinstance(value, list) else value
