"""Posts and comments that are reported: held back, decided on, and evidence that outlasts them."""

from typing import Any

import pytest

from core.clock import DAY_MS, now_ms
from db.postgres.posts import PostStore
from tests.rest.server import Answer, RestServer
from tests.rest.test_comments import Post
from tests.rest.test_moderation import ask, case_about, staff
from tests.rest.test_posts import befriend, ids, post, read, upload


async def report(rest: RestServer, who: Any, kind: str, id_: str) -> Answer:
    body = {"subject": {"type": kind, "id": id_}, "reason": "hate", "block": False}
    return await rest.ask("POST", "/v1/reports", token=who["access_token"], json=body)


async def decide(rest: RestServer, mod: Any, about: Any, action: str) -> None:
    case = await case_about(rest, about)
    assert (await ask(rest, mod, f"/{case}")).status == 200
    assert (await ask(rest, mod, f"/{case}/decide", action=action)).status == 200


@pytest.fixture
async def shown(rest: RestServer) -> Post:
    people = [await rest.sign_up(display_name=name) for name in ("Ana", "Ben", "Cem", "Eve")]
    await befriend(rest, *people[:3])
    made = await post(rest, people[0], media_ids=[await upload(rest, people[0])], caption="Look")
    return Post(rest, people, made.body)


async def test_a_reported_post_is_held_back(rest: RestServer, shown: Post) -> None:
    """To its author, who sees that, and to moderators, on the audit log; until it is found to be well."""
    mod = await staff(rest)
    assert (await read(rest, mod, shown.path)).code == "not_found"
    assert (await report(rest, shown.ben, "post", shown.id)).status == 201
    for who in (shown.ben, shown.cem):
        assert (await read(rest, who, shown.path)).code == "not_found"
        assert await ids(rest, who) == []
    assert (await shown.seen(shown.ana))["held"] is True
    assert (await shown.seen(mod))["caption"] == "Look"
    query = "SELECT count(*) FROM identity.audit_log WHERE action = 'post_seen' AND actor_id = $1"
    assert await rest.world.pool.fetchval(query, mod["user"]["id"]) == 1
    assert (await report(rest, shown.cem, "post", shown.id)).status == 201  # who has just read it
    await decide(rest, mod, shown.ana, "dismiss")
    assert await ids(rest, shown.cem) == [shown.id]
    assert "held" not in await shown.seen(shown.ana)
    assert (await read(rest, mod, shown.path)).code == "not_found"


async def test_what_was_passed_is_not_held_again_until_it_is_another(rest: RestServer, shown: Post) -> None:
    """Nobody takes it away by reporting it again and again; others who report it are heard all the same."""
    mod = await staff(rest)
    await report(rest, shown.ben, "post", shown.id)
    await decide(rest, mod, shown.ana, "dismiss")
    await report(rest, shown.cem, "post", shown.id)
    assert await ids(rest, shown.cem) == [shown.id]
    other = await post(rest, shown.ana)
    await report(rest, shown.ben, "post", other.body["id"])
    changed = {"caption": "Something else"}
    await rest.ask("PATCH", shown.path, token=shown.ana["access_token"], json=changed)
    eve = shown.eve
    await befriend(rest, shown.ana, eve)
    await report(rest, eve, "post", shown.id)
    assert await ids(rest, shown.cem) == []


@pytest.mark.parametrize("kind", ["post", "comment"])
async def test_what_was_found_fault_with_stays_away(rest: RestServer, shown: Post, kind: str) -> None:
    """Until that is undone, and decided otherwise."""
    mod = await staff(rest)
    comment = (await shown.say(shown.ana, "Hm")).body["id"]
    await report(rest, shown.ben, kind, shown.id if kind == "post" else comment)

    async def is_there() -> bool:
        if kind == "post":
            return await ids(rest, shown.ben) != []
        return await shown.said(shown.ben) != []

    assert not await is_there()
    await decide(rest, mod, shown.ana, "warn")
    assert not await is_there()
    assert await shown.said(shown.ana) == ["Hm"]
    case = await case_about(rest, shown.ana)
    assert (await ask(rest, mod, f"/{case}/undo")).status == 200
    assert not await is_there()
    await decide(rest, mod, shown.ana, "dismiss")
    assert await is_there()


async def test_evidence_outlasts_the_post(rest: RestServer, shown: Post) -> None:
    """What it said is in the case, and its pictures open for moderators, until the evidence is forgotten."""
    mod = await staff(rest)
    comment = (await shown.say(shown.ana, "Hm")).body["id"]
    await report(rest, shown.ben, "post", shown.id)
    await report(rest, shown.ben, "comment", comment)
    [media] = (await shown.seen(shown.ana))["media"]
    assert (await rest.ask("DELETE", shown.path, token=shown.ana["access_token"])).status == 204
    case = (await ask(rest, mod, f"/{await case_about(rest, shown.ana)}")).body
    said = [evidence["content"]["reported"] for evidence in case["evidence"]]
    assert sorted(one.get("caption") or one["content"] for one in said) == ["Hm", "Look"]
    assert [one["media_ids"] for one in said if "caption" in one] == [[media["id"]]]
    path, store = f"/v1/media/{media['id']}", PostStore(rest.world.pool)
    while await store.forget(now_ms() + DAY_MS, limit=500):
        pass
    address = (await read(rest, mod, path)).body["urls"]["original"]
    assert (await rest.open(address))[0] == 200
    await rest.world.pool.execute("UPDATE interaction.reports SET evidence = NULL, evidence_key_id = NULL")
    while await store.forget(now_ms() + DAY_MS, limit=500):
        pass
    rest.clock.advance(s=2 * DAY_MS / 1000)
    query = "SELECT expires_at IS NOT NULL FROM social.media WHERE id = $1"
    assert await rest.world.pool.fetchval(query, media["id"])


async def test_a_removed_picture_holds_its_post(rest: RestServer, shown: Post) -> None:
    """And what was removed by mistake comes back with its post."""
    mod = await staff(rest)
    [media] = (await shown.seen(shown.ana))["media"]
    path, token = f"/v1/admin/media/{media['id']}", mod["access_token"]
    removed = {"action": "remove", "reason": "nudity"}
    answer = await rest.ask("POST", f"{path}/decide", token=token, json=removed)
    assert answer.status == 200, answer.body
    assert await ids(rest, shown.ben) == []
    told = (await read(rest, shown.ana, "/v1/notifications")).body["items"][0]
    assert told["title"] == "A picture of your post was removed"
    assert told["body"].endswith("Nobody else sees the post.")
    assert told["action"]["url"] == f"/#post/{shown.id}"
    assert (await shown.seen(shown.ana))["media"][0]["state"] == "refused"
    assert (await rest.ask("POST", f"{path}/undo", token=token)).status == 200
    titles = [item["title"] for item in (await read(rest, shown.ana, "/v1/notifications")).body["items"]]
    assert titles[0] == "We look at a picture of your post again"
    assert told["title"] not in titles
    assert await ids(rest, shown.ben) == []
    assert (await rest.ask("POST", f"{path}/decide", token=token, json={"action": "pass"})).status == 200
    assert await ids(rest, shown.ben) == [shown.id]


async def test_who_does_not_see_it_reports_nothing(rest: RestServer, shown: Post) -> None:
    """Nor does anybody report themselves."""
    comment = (await shown.say(shown.ben, "Hm")).body["id"]
    for kind, id_ in (("post", shown.id), ("comment", comment)):
        assert (await report(rest, shown.eve, kind, id_)).code == "not_found"
    assert (await report(rest, shown.ana, "post", shown.id)).code == "invalid_request"
    assert (await report(rest, shown.ben, "comment", comment)).code == "invalid_request"
    assert await ids(rest, shown.cem) == [shown.id]
