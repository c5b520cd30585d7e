"""A copy of one's own data: what is in it, what is not, how it is made, kept and lost."""

import asyncio
import io
import json
import tracemalloc
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from core.clock import now_ms, rfc3339
from core.contract.comments import NewComment
from core.ids import new_id
from core.personal_data import TABLES
from db.postgres.comments import CommentStore
from db.postgres.connections import ConnectionRow
from db.postgres.direct_calls import DirectCallStore
from db.postgres.likes import LikeStore
from db.postgres.receipts import ReceiptStore
from db.postgres.room_pushes import RoomPushStore
from db.postgres.rooms import Reading
from db.postgres.timelines import KeptTimeline
from db.postgres.video_requests import VideoRequestStore
from services.exports import TRIES, KeepExports, MakeExport
from signaling.timeline import Note, written
from signaling.verdicts import Verdict
from tests.rest.pictures import drawn, encoded, form
from tests.rest.server import Answer, RestServer
from tests.stores.world import World

EXPORT = "/v1/me/export"
# What `a_life` leaves something in.
LIVED = [
    "account",
    "profile",
    "settings",
    "values",
    "consents",
    "ways_to_sign_in",
    "sessions",
    "exports",
    "media",
    "messages",
    "rooms",
    "reading",
    "deliveries",
    "pushes",
    "calls",
    "part_in_calls",
    "connections",
    "video_requests",
    "friends",
    "friend_requests",
    "blocks",
    "reports",
    "strikes",
    "appeals",
    "posts",
    "post_audience",
    "comments",
    "likes",
]
DAY_S = 86_400


async def ask(rest: RestServer, who: Any, method: str = "GET") -> Answer:
    return await rest.ask(method, EXPORT, token=who["access_token"])


async def ready(rest: RestServer, who: Any) -> Any:
    """Ask for a copy and let the workers make it: the view of it."""
    answer = await ask(rest, who, "POST")
    assert answer.status == 202, answer.body
    await rest.work()
    return (await ask(rest, who)).body


async def opened(rest: RestServer, view: Any) -> zipfile.ZipFile:
    """What is read at its address."""
    status, headers, data = await rest.open(view["url"])
    assert (status, headers["Content-Type"]) == (200, "application/zip"), data[:500]
    assert headers["Content-Disposition"].startswith('attachment; filename="my-data-')
    assert int(headers["Content-Length"]) == len(data) == view["size"]
    return zipfile.ZipFile(io.BytesIO(data))


def told(archive: zipfile.ZipFile) -> Mapping[str, Any]:
    """What each of its files says, by their names."""
    names = [name for name in archive.namelist() if name.startswith("data/")]
    return {name[5:-5]: json.loads(archive.read(name)) for name in names}


async def called(world: World, connection: ConnectionRow, by: str, other: str) -> None:
    """One has rung the other, who has answered, and asked whether calls may have video. They were told no."""
    direct, call_id, now = DirectCallStore(world.pool, ring_s=30), new_id(), now_ms()
    await direct.ring(call_id, connection_id=connection.id, inviter=by, mode="voice", region="main", now=now)
    await direct.answered(call_id, other, now)
    said = {"epoch": 1, "rtt_ms": 20}
    notes = written([Note(now, "offered"), *(Note(now, "quality", who, said) for who in (by, other))])
    read = {who: Verdict(code=f"what {who} reads") for who in (by, other)}
    await world.call_records.ended(
        call_id,
        reason="hung_up",
        by=by,
        duration_s=9,
        now=now,
        decision_deadline=None,
        timeline=KeptTimeline(notes, read),
    )
    requests = VideoRequestStore(world.pool, world.jobs, world.notifications.notify)
    asked = await requests.ask(
        new_id(),
        connection_id=connection.id,
        requester=by,
        policy="mutual",
        expires_at=now + DAY_S * 1000,
        pause_ms=0,
        now=now,
    )
    await requests.respond(asked.request.id, other, approve=False, now=now)


async def a_life(rest: RestServer, who: Any, other: str) -> None:
    """Something of theirs in most tables, and something of the other where they have met."""
    user_id, token, world = who["user"]["id"], who["access_token"], rest.world
    connection = await world.connected((user_id, other))
    await world.say(connection.room_id, user_id, f"by {user_id}")
    await world.say(connection.room_id, other, f"by {other}")
    delivered = Reading(room_id=connection.room_id, user_id=user_id, seq=1, at=now_ms())
    await ReceiptStore(world.pool).delivered(delivered)
    await world.read(connection.room_id, user_id, 2)
    await RoomPushStore(world.pool).note(connection.room_id, {user_id: 2}, now_ms())
    await called(world, connection, user_id, other)
    await world.befriended((user_id, cem := await world.person("Cem")))
    await world.asked(await world.person("Deb"), user_id)
    await world.block(user_id, await world.person("Eve"))
    await world.block(await world.person("Fay"), user_id)
    call = await world.talked((user_id, other))
    await world.report(call, user_id, other)
    await world.appeal(user_id)
    for method, path, body in (
        ("PUT", "/v1/me/values", {"values": [{"category": "life", "name": "Family", "strength": 80}]}),
        ("PATCH", "/v1/me/settings", {"theme": "dark"}),
        ("PUT", "/v1/me/consents", {"kind": "analytics", "version": "2026-11", "given": True}),
    ):
        assert (await rest.ask(method, path, token=token, json=body)).status == 200
    photo, shown = [
        await rest.ask("POST", "/v1/media", token=token, data=form(encoded(drawn()), purpose=purpose))
        for purpose in ("photo", "post")
    ]
    assert (photo.status, shown.status) == (201, 201), (photo.body, shown.body)
    new = {"media_ids": [shown.body["id"]], "visibility": "selected", "audience": [cem], "caption": "Look"}
    post = (await rest.ask("POST", "/v1/posts", token=token, json=new)).body["id"]
    for by in (user_id, cem):
        about = NewComment(content=f"said by {by}")
        await CommentStore(world.pool, world.notifications.notify).add(by, post, about, None, now_ms())
        await LikeStore(world.pool, world.notifications.notify).like(by, post, now_ms())


async def test_the_copy_has_what_the_registry_says_and_nothing_of_others(rest: RestServer) -> None:
    """Two lead the same life with each other, and get each their own side of it."""
    ana, ben = await rest.sign_up(display_name="Ana"), await rest.sign_up(display_name="Ben")
    for one, other in ((ana, ben), (ben, ana)):
        await a_life(rest, one, other["user"]["id"])
    copies = {}
    for who in (ana, ben):
        view = await ready(rest, who)
        assert (view["state"], view["progress"]) == ("ready", 1)
        copies[who["user"]["id"]] = await opened(rest, view)
    for one, other in ((ana, ben), (ben, ana)):
        archive = copies[one["user"]["id"]]
        files = told(archive)
        assert files.keys() == {table.file for table in TABLES if table.file}
        for table in TABLES:
            for item in files[table.file]["items"] if table.file else ():
                assert list(item) == list(table.words.values()), table.file
        assert {name for name in LIVED if not files[name]["items"]} == set()
        assert files["account"]["items"][0]["email"] == one["user"]["email"]
        assert [each["content"] for each in files["messages"]["items"]] == [f"by {one['user']['id']}"] * 2
        own, others = [{"code": f"what {each['user']['id']} reads"} for each in (one, other)]
        read = [part["verdict"] for part in files["part_in_calls"]["items"]]
        assert (read.count(own), read.count(others)) == (2, 0)
        rung = {call["by"] for call in files["calls"]["items"] if call["origin"] == "direct"}
        assert rung == {asked["by"] for asked in files["video_requests"]["items"]} == set(copies)
        assert len(files["blocks"]["items"]) == len(files["reports"]["items"]) == 1
        [said] = files["comments"]["items"]
        assert said["content"] == f"said by {one['user']['id']}"
        assert [(post["caption"], post["comments"]) for post in files["posts"]["items"]] == [("Look", 2)]
        assert "analytics" in {said["kind"] for said in files["consents"]["items"]}
        assert {name.split(".")[-1] for name in archive.namelist() if name.startswith("media/")} == {"jpg"}
        everything = b"".join(archive.read(name) for name in archive.namelist() if name.startswith("data/"))
        for theirs in (other["user"]["email"], other["user"]["username"], f"by {other['user']['id']}"):
            assert theirs.encode() not in everything
        assert everything.count(b"said by ") == 1
        assert b"argon2" not in everything


async def test_its_owner_is_told_when_it_is_ready(rest: RestServer) -> None:
    ana = await rest.sign_up()
    await ready(rest, ana)
    told = (await rest.ask("GET", "/v1/notifications", token=ana["access_token"])).body["items"]
    assert [(each["kind"], each["action"]["url"]) for each in told] == [("export", "/#data")]


async def test_there_is_none_before_one_asks(rest: RestServer) -> None:
    ana = await rest.sign_up()
    assert (await ask(rest, ana)).body == {"state": "none", "progress": 0}


async def test_who_asks_again_gets_the_same_until_a_day_has_passed(rest: RestServer) -> None:
    """At once, while it is made, and when it is ready; the next one takes its place."""
    ana = await rest.sign_up()
    answers = await asyncio.gather(*(ask(rest, ana, "POST") for _ in range(4)))
    assert [(a.status, a.body["state"]) for a in answers] == [(202, "running")] * 4
    assert await count(rest, ana) == 1
    await rest.work()
    assert (await ask(rest, ana, "POST")).body["state"] == "ready"
    old = (await ask(rest, ana)).body
    rest.clock.advance(s=DAY_S + 1)
    ana = (await rest.login(ana["user"]["email"])).body
    assert (await ask(rest, ana, "POST")).body == {"state": "running", "progress": 0}
    assert await count(rest, ana) == 2
    assert (await rest.open(old["url"]))[0] == 404


async def key(rest: RestServer, who: Any) -> str:
    """Of the object of their only copy."""
    query = "SELECT key FROM identity.exports WHERE user_id = $1"
    return str(await rest.world.pool.fetchval(query, who["user"]["id"]))


async def count(rest: RestServer, who: Any) -> int:
    query = "SELECT count(*) FROM identity.exports WHERE user_id = $1"
    return int(await rest.world.pool.fetchval(query, who["user"]["id"]))


async def test_its_address_expires_and_then_the_copy(rest: RestServer, tmp_path: Path) -> None:
    """After minutes another address is told, after a week there is nothing to read; nor is its file there."""
    ana = await rest.sign_up()
    view = await ready(rest, ana)
    assert view["expires_at"] > rfc3339(rest.clock() + 6 * DAY_S * 1000)
    forged = view["url"].replace("signature=", "signature=0")[:-1]
    assert (await rest.open(forged))[0] == 404
    rest.clock.advance(s=901)
    assert (await rest.open(view["url"]))[0] == 404
    ana = (await rest.login(ana["user"]["email"])).body
    assert (await rest.open((await ask(rest, ana)).body["url"]))[0] == 200
    rest.clock.advance(s=7 * DAY_S)
    ana = (await rest.login(ana["user"]["email"])).body
    assert (await ask(rest, ana)).body["state"] == "none"
    file = tmp_path / "media" / await key(rest, ana)
    assert file.exists()
    await rest.own_data.exports.keep(KeepExports())
    assert not file.exists()
    assert await count(rest, ana) == 0


async def test_the_sweep_of_the_store_leaves_it(rest: RestServer) -> None:
    """It belongs to no media, and is no orphan."""
    ana = await rest.sign_up()
    await ready(rest, ana)
    assert await rest.unknown_objects([await key(rest, ana), "exports/x"]) == ["exports/x"]


async def test_a_copy_that_was_cut_off_in_the_middle_is_made_again(rest: RestServer, tmp_path: Path) -> None:
    """Whoever takes the job next begins anew; what was there of it is overwritten."""
    ana = await rest.sign_up()
    await ask(rest, ana, "POST")
    row = await rest.world.pool.fetchrow(
        "UPDATE identity.exports SET progress = 0.5 WHERE user_id = $1 RETURNING id, key", ana["user"]["id"]
    )
    (tmp_path / "media" / "exports").mkdir(parents=True)
    (tmp_path / "media" / row["key"]).write_bytes(b"half of it")
    assert (await ask(rest, ana)).body == {"state": "running", "progress": 0.5}
    await rest.own_data.exports.make(MakeExport(export_id=row["id"]))
    view = (await ask(rest, ana)).body
    assert (await opened(rest, view)).testzip() is None
    await rest.own_data.exports.make(MakeExport(export_id=row["id"]))
    assert (await ask(rest, ana)).body["expires_at"] == view["expires_at"]


async def test_one_that_cannot_be_made_says_so_and_another_may_be_asked_for(
    rest: RestServer, tmp_path: Path
) -> None:
    """The store is gone: a file is where its folder was."""
    ana = await rest.sign_up()
    await ask(rest, ana, "POST")
    (tmp_path / "media").write_bytes(b"")
    export_id = await rest.world.pool.fetchval(
        "SELECT id FROM identity.exports WHERE user_id = $1", ana["user"]["id"]
    )
    for _ in range(TRIES):
        assert (await ask(rest, ana)).body["state"] == "running"
        with pytest.raises(Exception, match=r"kept right now|exist"):
            await rest.own_data.exports.make(MakeExport(export_id=export_id))
    assert (await ask(rest, ana)).body["state"] == "failed"
    (tmp_path / "media").unlink()
    assert (await ask(rest, ana, "POST")).body["state"] == "running"


async def test_one_that_nobody_makes_any_more_has_failed_after_a_day(rest: RestServer) -> None:
    """All workers were lost at it."""
    ana = await rest.sign_up()
    await ask(rest, ana, "POST")
    await rest.world.pool.execute(
        "UPDATE identity.exports SET asked_at = now() - interval '25 hours' WHERE user_id = $1",
        ana["user"]["id"],
    )
    await rest.own_data.exports.keep(KeepExports())
    assert (await ask(rest, ana)).body["state"] == "failed"


async def test_a_copy_of_much_is_made_in_little_memory(rest: RestServer) -> None:
    """Twenty thousand messages of some hundred characters each are read some at a time."""
    ana, ben = await rest.sign_up(), await rest.world.person()
    connection = await rest.world.connected((ana["user"]["id"], ben))
    await rest.world.pool.execute(
        "INSERT INTO communication.messages"
        " (id, room_id, seq, sender_id, client_id, type, content, created_at)"
        " SELECT gen_random_uuid(), $1, n, $2, n::text, 'text', repeat(md5(n::text), 15), now()"
        " FROM generate_series(1, 20000) n",
        connection.room_id,
        ana["user"]["id"],
    )
    await ask(rest, ana, "POST")
    tracemalloc.start()
    try:
        await rest.work()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    archive = await opened(rest, (await ask(rest, ana)).body)
    assert len(told(archive)["messages"]["items"]) == 20_000
    assert peak < 6_000_000, f"{peak} bytes for {20_000 * 480} of messages"
