"""Connecting, being welcomed, coming back, being sent away."""

import asyncio
import json
import uuid
from typing import Any

import aiohttp
import asyncpg
import pytest

from db.postgres.profiles import Beginning
from realtime.gateway.admission import Admission
from services.sessions import SessionService
from tests.integration.conftest import Meeting, SignUp
from tests.integration.person import ClientDevice, Person, Refused
from tests.patience import PATIENCE_S
from tests.transport.speaker import WebSocketSpeaker


async def test_the_first_thing_one_hears_is_how_things_stand(sign_up: SignUp) -> None:
    person = await sign_up()
    device = await person.connect()
    name, ready, offset = device.heard[0]
    assert name == "session:ready"
    assert isinstance(offset, str)
    assert ready["user"] == person.account["user"]
    assert (ready["recovered"], ready["presence"], ready["ticket"], ready["call"]) == (
        False,
        "online",
        None,
        None,
    )
    assert (ready["pending_decisions"], ready["unread"]) == ([], {"rooms": {}, "notifications": 0})


@pytest.mark.parametrize("token", [None, "", "nonsense", 7, [], "\ud800", "x" * 5000, "\0", "é.é.é"])
@pytest.mark.parametrize("beside", [{}, {"device_id": 7}, {"device_id": "\0", "pid": [[]]}])
async def test_without_a_good_token_nobody_gets_in(
    address: str, token: object, beside: dict[str, Any]
) -> None:
    """Whatever else is sent: it is not looked at."""
    with pytest.raises(Refused) as refused:
        await ClientDevice(address, None).connect(token=token, **beside)
    assert refused.value.code == "unauthenticated"


async def test_what_the_auth_does_not_know_is_ignored(sign_up: SignUp) -> None:
    """A newer client meets an older node of a rolling deploy; commands stay strict."""
    person = await sign_up()
    odd: dict[str, Any] = {"newer": {"deep": ["\0", {}]}, "a\0b": 1}
    device = await person.connect(**odd)
    assert device.ready["contract"] == "1.1"
    assert await device.refused("queue:leave", newer=True) == "invalid_request"


@pytest.mark.parametrize(
    "client",
    [
        {"name": "app", "version": "1.2", "platform": "ios"},
        {"name": "app", "newer": 1},
        {"name": 7},
        {"name": "x" * 50_000},
        {"name": "\0"},
        "app",
        ["app"],
        7,
    ],
    ids=lambda client: str(client)[:20],
)
async def test_what_a_client_says_of_itself_is_no_reason_to_refuse_it(
    sign_up: SignUp, client: object
) -> None:
    person = await sign_up()
    assert (await person.connect(client=client)).ready["recovered"] is False


async def test_who_comes_back_with_an_offset_gets_what_was_missed(pair: Meeting) -> None:
    """In order, and `session:ready` repeats the offset that was sent."""
    await pair.go_live()
    seen = pair.ben.offset
    await pair.ben.drop()
    await pair.ana.next("call:state", state="reconnecting")
    back = await pair.he.connect("ben-phone", offset=seen)
    assert back.ready["recovered"] is True
    assert back.heard[0][2] == seen
    assert back.ready["call"]["state"] == "live"
    states = [await back.next("call:state") for _ in range(2)]
    assert [s["state"] for s in states] == ["reconnecting", "live"]
    await pair.ana.next("call:state", state="live")


async def test_of_an_ended_call_only_its_end_is_replayed(pair: Meeting) -> None:
    await pair.start()
    seen = pair.ben.offset
    await pair.ben.drop()
    await pair.ana.ask("call:end", call_id=pair.call_id)
    await pair.ana.next("call:ended")
    back = await pair.he.connect("ben-phone", offset=seen)
    ended = await back.next("call:ended")
    assert ended["reason"] == "hung_up"
    assert [name for name, _, _ in back.heard] == ["session:ready", "call:ended"]


@pytest.mark.parametrize(
    "offset", ["", "1-1", "999999999999999-0.abc", "x" * 200, "1700000000000-0.000000000000"]
)
async def test_an_offset_that_serves_for_nothing_is_no_refusal(sign_up: SignUp, offset: str) -> None:
    person = await sign_up()
    device = await person.connect(offset=offset)
    assert device.ready["recovered"] is False
    assert device.heard[0][2] not in {None, offset}


@pytest.mark.parametrize("name", ["offset", "pid"])
@pytest.mark.parametrize("nonsense", [7, True, [], {}, "x" * 201, "a\0b", "\u00fc", "\ud800"])
async def test_what_cannot_be_an_offset_or_a_pid_is_no_refusal(
    sign_up: SignUp, name: str, nonsense: object
) -> None:
    """Malformed is as good as none, whatever its type: the client starts from `session:ready`."""
    person = await sign_up()
    first = await person.connect()
    good = {"pid": first.ready["pid"], "offset": first.offset}
    device = await person.connect(**{**good, name: nonsense})
    assert device.ready["recovered"] is False
    assert device.ready["pid"] != good["pid"]
    assert device.heard[0][2] is not None


async def test_an_offset_of_somebody_else_is_foreign(sign_up: SignUp) -> None:
    ana, ben = await sign_up(), await sign_up()
    hers = (await ana.connect()).heard[0][2]
    assert (await ben.connect(offset=hers)).ready["recovered"] is False
    assert (await ana.connect(offset=hers)).ready["recovered"] is True


async def test_a_pid_is_repeated_where_it_is_recovered_and_new_elsewhere(sign_up: SignUp) -> None:
    person = await sign_up()
    first = await person.connect(None)
    pid, offset = first.ready["pid"], first.offset
    await first.drop()
    again = await person.connect(None, pid=pid, offset=offset)
    assert (again.ready["recovered"], again.ready["pid"]) == (True, pid)
    assert (await person.connect(None, pid=pid)).ready["pid"] != pid
    assert (await person.connect(None, pid="made.up", offset=offset)).ready["recovered"] is False


async def test_a_pid_keeps_its_sid_and_the_older_connection_is_closed(sign_up: SignUp) -> None:
    """By the same account alone; a client that begins anew closes nothing."""
    ana, ben = await sign_up(), await sign_up()
    first = await ana.connect(None)
    sid, held = first.sid, {"pid": first.ready["pid"], "offset": first.offset}
    thief = await ben.connect(None, **held)
    anew = await ana.connect(None, pid=held["pid"])
    assert len({sid, thief.sid, anew.sid}) == 3
    await first.ask("queue:leave")
    again = await ana.connect(None, **held)
    await first.closed.wait()
    assert again.sid == sid
    await again.ask("queue:leave")


async def test_of_those_who_continue_the_same_at_once_one_is_left(sign_up: SignUp) -> None:
    """The one that the bus names last: it ends the others while they are still being opened."""
    ana = await sign_up()
    first = await ana.connect(None)
    held = {"pid": first.ready["pid"], "offset": first.offset}

    async def join(web: aiohttp.ClientSession) -> WebSocketSpeaker:
        url = f"{ana.address}/socket.io/?EIO=4&transport=websocket"
        speaker = WebSocketSpeaker(await web.ws_connect(url))
        await speaker.say(f"40{json.dumps({'token': ana.token, **held})}")
        return speaker

    async with aiohttp.ClientSession() as web, asyncio.timeout(PATIENCE_S):
        for _ in range(8):
            speakers = await asyncio.gather(*(join(web) for _ in range(4)))
            waiting = {asyncio.create_task(each.ended()): each for each in speakers}
            left = set(waiting)
            while len(left) > 1:
                _, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
            (task,) = left
            task.cancel()
            await asyncio.wait(left)
            await waiting[task].say('421["queue:leave",{}]')
            while not str(await waiting[task].hear()).startswith("431"):
                pass


async def test_signing_out_reaches_live_connections(sign_up: SignUp) -> None:
    person = await sign_up()
    device = await person.connect()
    status, _ = await person.rest("POST", "/v1/auth/logout")
    assert status in {200, 204}
    assert (await device.next("session:revoked"))["code"] == "signed_out"
    await device.closed.wait()
    with pytest.raises(Refused) as refused:
        await person.connect()
    assert refused.value.code == "unauthenticated"


async def test_a_fresh_token_serves_on_a_live_connection(sign_up: SignUp) -> None:
    person, other = await sign_up(), await sign_up()
    device = await person.connect()
    status, fresh = await person.rest(
        "POST", "/v1/auth/refresh", json={"refresh_token": person.refresh_token}
    )
    assert status == 200
    data = await device.ask("session:refresh", token=fresh["access_token"])
    assert data["expires_at"] >= device.ready["token_expires_at"]
    assert await device.refused("session:refresh", token="nonsense") == "unauthenticated"
    assert await device.refused("session:refresh", token=other.token) == "forbidden"


@pytest.mark.parametrize("name", ["connect", "disconnect", "connect_error", "connecting"])
async def test_reserved_names_are_never_events(sign_up: SignUp, name: str) -> None:
    """A forged `connect` or `disconnect` runs nothing: the connection is as before, or closed."""
    person = await sign_up()
    device = await person.connect()
    watcher = await person.connect("laptop")
    await device._client.eio.send(f'42["{name}",{{"token":"x"}}]')
    assert (await watcher.ask("presence:set", status="online")) == {}
    assert device.has_heard("session:ready") == 1


async def test_what_is_not_a_command_is_refused(sign_up: SignUp) -> None:
    device = await (await sign_up()).connect()
    for name in ("queue:jump", "*"):
        assert await device.refused(name) == "invalid_request"
    wrong: list[tuple[Any, ...]] = [({}, {}), (7,), ([],), ("x",)]
    for arguments in wrong:
        answer = await device.send_raw("queue:leave", *arguments)
        assert (answer["ok"], answer["error"]["code"]) == (False, "invalid_request"), arguments
    assert (await device.send_raw("queue:leave"))["ok"] is True
    assert (await device.send_raw("queue:leave", None))["ok"] is True


async def test_unknown_fields_are_named(sign_up: SignUp) -> None:
    device = await (await sign_up()).connect()
    with pytest.raises(Refused) as refused:
        await device.ask("queue:join", mode="video", preferences={"hair": "red"})
    assert refused.value.code == "invalid_request"
    assert refused.value.error["details"]["field"] == "preferences.hair"


async def test_commands_of_one_connection_are_answered_in_order(sign_up: SignUp) -> None:
    """Joining and leaving, many times, without waiting for an answer: the last one counts."""
    device = await (await sign_up()).connect()
    answers = []
    for number in range(30):
        command, payload = ("queue:leave", {}) if number % 2 else ("queue:join", {"mode": "voice"})
        await device._client.emit(
            command, payload, callback=lambda answer, n=number: answers.append((n, answer["ok"]))
        )
    assert await device.ask("queue:leave") == {}
    assert answers == [(number, True) for number in range(30)]


async def test_without_rate_limits_any_number_may_be_sent_at_once(sign_up: SignUp) -> None:
    """More commands than the queue of a connection holds, and more connections than an account may have."""
    person = await sign_up()
    device = await person.connect()
    answers = await asyncio.gather(*(device.ask("queue:leave") for _ in range(600)))
    assert answers == [{}] * 600
    await asyncio.gather(*(person.connect(f"device {number}") for number in range(25)))


async def test_a_call_that_nobody_knows(sign_up: SignUp) -> None:
    device = await (await sign_up()).connect()
    nobodys = str(uuid.uuid4())
    for command in ("call:accept", "call:decline", "call:end", "call:skip"):
        assert await device.refused(command, call_id=nobodys) == "not_found"
    assert await device.refused("call:accept", call_id="not an id") == "invalid_request"


async def test_a_command_that_waited_while_its_session_ended_has_no_effect(
    pair: Meeting, product_database_url: str
) -> None:
    """Revocation reaches what is queued behind a slow command, too."""
    connection = await pair.connect()
    room = connection["room_id"]
    holder = await asyncpg.connect(product_database_url)
    try:
        async with holder.transaction():
            await holder.execute("LOCK TABLE communication.messages IN ACCESS EXCLUSIVE MODE")
            slow = asyncio.create_task(pair.ana.send_raw("chat:history", {"room_id": room}))
            said = {"room_id": room, "client_id": "late", "content": "said by nobody"}
            late = asyncio.create_task(pair.ana.send_raw("chat:send", said))
            await _until_waited_for(holder)
            status, _ = await pair.she.rest("POST", "/v1/auth/logout")
            assert status == 204
            await pair.ana.next("session:revoked")
        await pair.ben.ask("chat:history", room_id=room)
        await pair.ben.ask("chat:send", room_id=room, client_id="next", content="are you there?")
        page = await pair.ben.ask("chat:history", room_id=room)
        assert [message["content"] for message in page["messages"]] == ["are you there?"]
    finally:
        await holder.close()
        for task in (slow, late):
            task.cancel()


async def _until_waited_for(holder: Any) -> None:
    """Until another connection of Postgres waits for a lock of this one."""
    waits = (
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
    )
    async with asyncio.timeout(PATIENCE_S):
        while not await holder.fetchval(waits):
            await asyncio.sleep(0.01)
            await holder.execute("SELECT pg_stat_clear_snapshot()")  # in a transaction the first look stays


async def refreshed(person: Person, token: str) -> tuple[int, Any]:
    return await person.rest("POST", "/v1/auth/refresh", json={"refresh_token": token})


async def test_a_session_that_ends_while_a_connection_opens_ends_it(
    sign_up: SignUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its session was looked at, before there is a connection that could be told."""
    person, heard = await sign_up(), asyncio.Event()
    hear, begin = Admission._hear, SessionService.begin

    def hearing(self: Admission, *given: Any) -> None:
        hear(self, *given)
        heard.set()

    async def slow(self: SessionService, *given: Any) -> Beginning:
        beginning = await begin(self, *given)
        assert (await person.rest("POST", "/v1/auth/logout"))[0] == 204
        async with asyncio.timeout(PATIENCE_S):
            await heard.wait()
        return beginning

    monkeypatch.setattr(Admission, "_hear", hearing)
    monkeypatch.setattr(SessionService, "begin", slow)
    connecting = asyncio.create_task(person.connect())
    try:
        async with asyncio.timeout(PATIENCE_S):
            await heard.wait()
        assert (await person.devices[0].next("session:revoked"))["code"] == "signed_out"
    finally:
        connecting.cancel()


async def test_a_connect_shows_that_an_answer_has_arrived(sign_up: SignUp) -> None:
    """The spent token shown after that is a theft: the connection hears that its session has ended."""
    person = await sign_up()
    spent = person.refresh_token
    _, second = await refreshed(person, spent)
    device = await person.connect(token=second["access_token"])
    assert (await refreshed(person, spent))[0] == 401
    assert (await device.next("session:revoked"))["code"] == "signed_out"


async def test_so_does_a_fresh_token_on_a_live_connection(sign_up: SignUp) -> None:
    person = await sign_up()
    device, spent = await person.connect(), person.refresh_token
    _, second = await refreshed(person, spent)
    await device.ask("session:refresh", token=second["access_token"])
    assert (await refreshed(person, spent))[0] == 401
    assert (await device.next("session:revoked"))["code"] == "signed_out"


async def test_a_token_whose_answer_was_replaced_opens_nothing(sign_up: SignUp) -> None:
    """Neither a connection nor time on one; what replaced it does."""
    person = await sign_up()
    device, spent = await person.connect(), person.refresh_token
    lost, last = [(await refreshed(person, spent))[1]["access_token"] for _ in range(2)]
    with pytest.raises(Refused) as refused:
        await person.connect("tablet", token=lost)
    assert refused.value.code == "unauthenticated"
    assert await device.refused("session:refresh", token=lost) == "unauthenticated"
    await device.ask("session:refresh", token=last)
