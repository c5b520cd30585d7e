"""Moderators and the pictures that strangers see: what waits, what is removed, and who shows it again."""

import os
from typing import Any, get_args

import pytest
from PIL import Image

from core.contract.media_review import NewMediaDecision
from core.errors import InvalidRequest
from core.vocabulary import ReportReason
from services.media_review import WHY, verdict_of
from tests.rest.pictures import encoded, show, upload
from tests.rest.server import Answer, RestServer
from tests.rest.test_announced_uploads import announced, completed, sent
from tests.rest.test_moderation import audit, staff

QUEUE = "/v1/admin/media"


def unlike_others(size: tuple[int, int] = (180, 160)) -> Image.Image:
    """A picture of its own: what one test removes no other one shows."""
    return Image.frombytes("L", (9, 8), os.urandom(72)).resize(size, Image.Resampling.NEAREST).convert("RGB")


async def shown(rest: RestServer, who: Any, picture: Image.Image | None = None) -> Any:
    """A photo in their profile."""
    answer = await upload(rest, who, encoded(picture or unlike_others()), purpose="photo")
    assert answer.status == 201, answer.body
    assert (await show(rest, who, photos=[answer.body["id"]])).status == 200
    return answer.body


async def left_to_moderators(rest: RestServer, media_id: str) -> None:
    """As a scanner does that is not sure."""
    query = "UPDATE social.media SET state = 'processing', reason = 'skin', scans = 1 WHERE id = $1"
    await rest.world.pool.execute(query, media_id)


async def waiting(rest: RestServer, mod: Any, media_id: str) -> Any:
    """The item of the queue; None: it does not wait."""
    cursor = ""
    while True:
        page = await rest.ask("GET", f"{QUEUE}?limit=100{cursor}", token=mod["access_token"])
        assert page.status == 200, page.body
        for item in page.body["items"]:
            if item["id"] == media_id:
                return item
        if page.body["next_cursor"] is None:
            return None
        cursor = f"&cursor={page.body['next_cursor']}"


async def decide(rest: RestServer, mod: Any, media_id: str, **body: Any) -> Answer:
    path = f"{QUEUE}/{media_id}/decide"
    return await rest.ask("POST", path, token=mod["access_token"], json=body)


async def remove(rest: RestServer, mod: Any, media_id: str, reason: ReportReason = "nudity") -> Any:
    answer = await decide(rest, mod, media_id, action="remove", reason=reason)
    assert answer.status == 200, answer.body
    return answer.body


async def undo(rest: RestServer, mod: Any, media_id: str) -> Answer:
    return await rest.ask("POST", f"{QUEUE}/{media_id}/undo", token=mod["access_token"])


async def seen_by(rest: RestServer, who: Any, media_id: str) -> str | None:
    answer = await rest.ask("GET", f"/v1/media/{media_id}", token=who["access_token"])
    return answer.body["state"] if answer.status == 200 else None


async def told(rest: RestServer, who: Any) -> list[Any]:
    """What they are told, the newest first."""
    answer = await rest.ask("GET", "/v1/notifications", token=who["access_token"])
    found: list[Any] = answer.body["items"]
    return found


async def friends(rest: RestServer) -> tuple[Any, Any]:
    ana, ben = await rest.sign_up(display_name="Ana"), await rest.sign_up(display_name="Ben")
    await rest.world.befriended((ana["user"]["id"], ben["user"]["id"]))
    return ana, ben


async def test_what_a_scanner_is_not_sure_about_a_moderator_passes(rest: RestServer) -> None:
    """Once. Until then nobody but its owner sees it."""
    ana, ben = await friends(rest)
    mod = await staff(rest)
    media = await shown(rest, ana)
    await left_to_moderators(rest, media["id"])
    item = await waiting(rest, mod, media["id"])
    assert item["user"] == {"user_id": ana["user"]["id"], "display_name": "Ana", "role": "user"}
    assert (item["state"], item["waits"], item["reason"], item["decision"]) == (
        "processing",
        True,
        "skin",
        None,
    )
    assert await seen_by(rest, ben, media["id"]) is None
    passed = await decide(rest, mod, media["id"], action="pass", note="a bikini")
    assert (passed.body["state"], passed.body["waits"], passed.body["reason"]) == ("ready", False, None)
    assert passed.body["decision"]["by"] == mod["user"]["id"]
    assert await seen_by(rest, ben, media["id"]) == "ready"
    assert await waiting(rest, mod, media["id"]) is None
    assert (await decide(rest, mod, media["id"], action="pass")).code == "already_decided"
    assert await audit(rest, ana) == [("media_passed", mod["user"]["id"])]


async def test_what_nobody_has_looked_at_waits_though_others_see_it(rest: RestServer) -> None:
    """As with `MEDIA_REVIEW=after`; not what is in no profile, nor what a scanner has still to say."""
    ana, mod = await rest.sign_up(), await staff(rest)
    kept = (await upload(rest, ana, encoded(unlike_others()), purpose="photo")).body["id"]
    assert await waiting(rest, mod, kept) is None
    media = await shown(rest, ana)
    assert (await waiting(rest, mod, media["id"]))["state"] == "ready"
    for change in ("scans = 1", "scans = 0, state = 'processing', scan_at = now()"):
        await rest.world.pool.execute(f"UPDATE social.media SET {change} WHERE id = $1", media["id"])
        assert await waiting(rest, mod, media["id"]) is None
    await rest.world.pool.execute("UPDATE social.media SET scan_at = NULL WHERE id = $1", media["id"])
    assert await waiting(rest, mod, media["id"])
    await rest.world.ban(ana["user"]["id"])
    assert await waiting(rest, mod, media["id"]) is None


async def test_a_removed_picture_disappears_everywhere_and_its_owner_hears_why(rest: RestServer) -> None:
    """Also one that was passed, from profile, card and its own address. Undone it waits again, unseen."""
    ana, ben = await friends(rest)
    mod = await staff(rest)
    media = await shown(rest, ana)
    await decide(rest, mod, media["id"], action="pass")
    url, profile = media["urls"]["s640"], f"/v1/profiles/{ana['user']['id']}"

    async def seen() -> tuple[int, Any, Any, int]:
        card = (await rest.ask("GET", profile, token=ben["access_token"])).body
        [friend] = (await rest.ask("GET", "/v1/friends", token=ben["access_token"])).body["items"]
        status, _, _ = await rest.open(url)
        return len(card["photos"]), card.get("photo_url"), friend["user"].get("photo_url"), status

    everywhere = await seen()
    assert (everywhere[0], everywhere[3]) == (1, 200)
    assert everywhere[1]
    assert everywhere[2]
    removed = await remove(rest, mod, media["id"])
    assert (removed["state"], removed["waits"], removed["decision"]["reason"]) == ("refused", False, "nudity")
    assert await seen() == (0, None, None, 404)
    assert await seen_by(rest, ben, media["id"]) is None
    [own] = (await rest.ask("GET", "/v1/me", token=ana["access_token"])).body["photos"]
    assert (own["state"], own["reason"], own["urls"]) == ("refused", "it shows nakedness", {})
    notice, *_ = await told(rest, ana)
    assert (notice["kind"], notice["title"]) == ("system", "Your photo was removed")
    assert "because it shows nakedness" in notice["body"]
    assert notice["subject"] == {"type": "media", "id": media["id"]}
    again = await decide(rest, mod, media["id"], action="remove", reason="spam")
    assert again.code == (await decide(rest, mod, media["id"], action="pass")).code == "already_decided"

    undone = await undo(rest, mod, media["id"])
    assert (undone.body["state"], undone.body["waits"], undone.body["decision"]) == ("processing", True, None)
    assert await seen() == (0, None, None, 200), "its owner has an address, to whom it is shown"
    assert (await undo(rest, mod, media["id"])).code == "conflict"
    titles = [each["title"] for each in await told(rest, ana)]
    assert titles[0] == "We look at your photo again"
    assert "Your photo was removed" not in titles, "both are told"
    assert await waiting(rest, mod, media["id"])
    await decide(rest, mod, media["id"], action="pass")
    assert await seen() == everywhere
    assert [action for action, _ in await audit(rest, ana)] == [
        "media_passed",
        "media_removed",
        "media_removal_undone",
        "media_passed",
    ]


async def test_a_removed_picture_is_known_again(rest: RestServer) -> None:
    """From its owner it is refused; of anybody else, whose own it may be, a moderator decides, unseen."""
    ana, ben, mod = await rest.sign_up(), await rest.sign_up(), await staff(rest)
    picture = unlike_others()
    media = await shown(rest, ana, picture)
    await remove(rest, mod, media["id"], "impersonation")
    smaller = picture.resize((90, 80))
    for again in (picture, smaller):
        refused = await upload(rest, ana, encoded(again, quality=60), purpose="photo")
        assert (refused.code, refused.body["details"]) == ("invalid_request", {"field": "file"})
        assert "removed by a moderator before" in refused.body["detail"]
    data = encoded(smaller, "PNG")
    target = (await announced(rest, ana, len(data), content_type="image/png")).body
    assert await sent(target, data) == 204
    assert (await completed(rest, ana, target["id"])).code == "invalid_request"
    assert (await upload(rest, ana, encoded(unlike_others()), purpose="photo")).body["state"] == "ready"
    assert (await upload(rest, ana, encoded(picture))).body["state"] == "ready", "evidence may show it"

    other = await shown(rest, ben, smaller)
    assert (other["state"], other.get("reason")) == ("processing", None)
    item = await waiting(rest, mod, other["id"])
    assert (item["resembles"], item["waits"]) == (media["id"], True)
    due = "SELECT scan_at FROM social.media WHERE id = $1"
    assert await rest.world.pool.fetchval(due, other["id"]) is None, "a scanner would decide"
    assert (await decide(rest, mod, other["id"], action="pass")).body["state"] == "ready"
    await undo(rest, mod, media["id"])
    assert (await upload(rest, ana, encoded(picture), purpose="photo")).body["state"] == "ready"


async def test_nobody_decides_on_their_own_nor_on_what_is_none_of_it(rest: RestServer) -> None:
    """To a moderator an admin's are not there; neither is evidence, a chat's, nor what is deleted."""
    mod, chief = await staff(rest), await staff(rest, "admin")
    for owner in (mod, chief):
        media = await shown(rest, owner)
        assert (await decide(rest, mod, media["id"], action="pass")).code == "not_found"
        assert await waiting(rest, mod, media["id"]) is None
        path = f"{QUEUE}?user_id={owner['user']['id']}"
        assert (await rest.ask("GET", path, token=mod["access_token"])).body["items"] == []
    ana = await rest.sign_up()
    evidence = (await upload(rest, ana, encoded(unlike_others()))).body["id"]
    private = (await upload(rest, ana, encoded(unlike_others()), purpose="chat")).body["id"]
    media = await shown(rest, ana)
    listed = await rest.ask("GET", f"{QUEUE}?user_id={ana['user']['id']}", token=chief["access_token"])
    assert [item["id"] for item in listed.body["items"]] == [media["id"]]
    await show(rest, ana, photos=[])
    for gone in (evidence, private, media["id"]):
        assert (await decide(rest, chief, gone, action="pass")).code == "not_found"


def test_a_removal_says_why_and_there_are_words_for_it() -> None:
    """A pass says nothing."""
    assert set(WHY) == set(get_args(ReportReason))
    assert verdict_of(NewMediaDecision(action="remove", reason="hate")).words == WHY["hate"]
    assert verdict_of(NewMediaDecision(action="pass", note="fine")).words == ""
    for wrong in (NewMediaDecision(action="remove"), NewMediaDecision(action="pass", reason="spam")):
        with pytest.raises(InvalidRequest, match="says why"):
            verdict_of(wrong)
