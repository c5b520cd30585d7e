"""What is for admins: the guard, and why matching brought two together."""

import pytest
from msgspec.structs import replace

from core.clock import now_ms
from core.ids import new_id
from core.ticket import Claim, MatchDecision
from core.vocabulary import Role
from matching.policy import Policy
from matching.recorder import Recorder
from tests.matching.people import ticket
from tests.rest.server import RestServer
from tests.stores.world import World


async def admin(rest: RestServer) -> str:
    """The access token of a new admin."""
    signed_in = await rest.sign_up()
    await rest.world.set_role(signed_in["user"]["id"], "admin")
    token: str = signed_in["access_token"]
    return token


async def matched(world: World) -> tuple[str, MatchDecision]:
    """A call that came of matching, and why."""
    ana, ben = await world.pair()
    policy, now = Policy(), now_ms()
    hers, his = (ticket(user_id=user, joined_at=now - 4000) for user in (ana, ben))
    survey = policy.survey(
        hers, [his, ticket(age=99, age_min=60)], frozenset(), now, policy.reservation_values()
    )
    decision = Recorder(policy, 8).record(
        "search", hers, survey, survey.choices[0], avoid=(), taken=(), now=now
    )
    claim = Claim(call_id=new_id(now), first=his, second=hers, claimed_at=now, decision=decision)
    assert await world.offer(claim.call_id, (ana, ben), decision=decision) is None
    return claim.call_id, decision


async def test_a_match_is_replayed_for_admins(rest: RestServer) -> None:
    """With everybody who was considered, each score in its parts, and why the winner won."""
    call_id, decision = await matched(rest.world)
    answer = await rest.ask("GET", f"/v1/admin/calls/{call_id}/match", token=await admin(rest))
    assert answer.status == 200, answer.body
    body = answer.body
    assert (body["call_id"], body["road"], body["considered"], body["removed"]) == (
        call_id, "search", 2, {"age": 1}
    )  # fmt: skip
    assert body["reproduced"] is True
    assert body["seeker"] == {"user_id": decision.seeker.user_id, "mode": "video", "waited_ms": 4000}
    assert body["policy"]["patience_ms"] == 300_000
    (winner,) = body["candidates"]
    assert winner.keys() == {
        "user_id", "waited_ms", "score", "decided_score", "asked", "gain", "parts", "outcome"
    }  # fmt: skip
    assert winner["outcome"] == "won"
    assert winner["score"] == pytest.approx(sum(winner["parts"].values()))


@pytest.mark.parametrize("role", ["user", "moderator"])
async def test_to_others_there_is_no_such_thing(rest: RestServer, role: Role) -> None:
    """And nobody who is not signed in learns anything at all."""
    call_id, _ = await matched(rest.world)
    signed_in = await rest.sign_up()
    await rest.world.set_role(signed_in["user"]["id"], role)
    for path in (f"/v1/admin/calls/{call_id}/match", "/v1/admin/calls/nonsense/match"):
        assert (await rest.ask("GET", path, token=signed_in["access_token"])).code == "not_found"
        assert (await rest.ask("GET", path)).code == "unauthenticated"


async def test_an_admin_who_is_one_no_more_has_no_access_any_more(rest: RestServer) -> None:
    """At once, with the same token; and one who becomes an admin needs no new one."""
    call_id, _ = await matched(rest.world)
    signed_in = await rest.sign_up()
    path, token = f"/v1/admin/calls/{call_id}/match", signed_in["access_token"]
    steps: list[tuple[Role, int]] = [("admin", 200), ("user", 404), ("admin", 200)]
    for role, status in steps:
        await rest.world.set_role(signed_in["user"]["id"], role)
        assert (await rest.ask("GET", path, token=token)).status == status


async def test_a_call_without_a_match_has_no_replay(rest: RestServer) -> None:
    """Nor has one that is not there, or whose decision is forgotten."""
    token = await admin(rest)
    forgotten, decision = await matched(rest.world)
    while await rest.world.matches.forget(decision.decided_at + 1, limit=1000):
        pass
    direct = await rest.world.offered(await rest.world.pair())
    for call_id in (forgotten, direct, new_id()):
        answer = await rest.ask("GET", f"/v1/admin/calls/{call_id}/match", token=token)
        assert answer.code == "not_found"


async def test_a_record_of_a_policy_that_knew_less_is_still_read(rest: RestServer) -> None:
    """Settings that came later have their defaults."""
    ana, ben = await rest.world.pair()
    _, decision = await matched(rest.world)
    call_id = new_id()
    await rest.world.offer(call_id, (ana, ben), decision=replace(decision, policy=b"\x80"))
    answer = await rest.ask("GET", f"/v1/admin/calls/{call_id}/match", token=await admin(rest))
    assert answer.status == 200
