"""Video requests in the real Postgres, and both who are told of them."""

import asyncio

import pytest

from core.clock import now_ms
from core.contract.video_requests import VideoRequest, VideoRespond, VideoResponded, VideoWasRequested
from core.errors import Expired, RateLimited
from core.ids import new_id
from core.settings import Settings
from db.postgres.connections import ConnectionRow
from db.postgres.video_requests import ExpireVideoRequest, KnownRequest, VideoRequestStore
from services.notifications import Notifications
from services.video_requests import VideoRequests
from tests.heard import Heard
from tests.patience import PATIENCE_S
from tests.stores.world import World

HOUR = 3_600_000


@pytest.fixture
def store(world: World) -> VideoRequestStore:
    return VideoRequestStore(world.pool, world.jobs, world.notifications.notify)


@pytest.fixture
async def connection(world: World) -> ConnectionRow:
    return await world.connected((await world.person("Ana"), await world.person("Ben", gender="male")))


async def ask(
    store: VideoRequestStore, connection: ConnectionRow, by: str, *, at: int, pause_ms: int = 0
) -> KnownRequest:
    return await store.ask(
        new_id(at),
        connection_id=connection.id,
        requester=by,
        policy="mutual",
        expires_at=at + HOUR,
        pause_ms=pause_ms,
        now=at,
    )


async def test_many_ask_at_once_and_one_waits(store: VideoRequestStore, connection: ConnectionRow) -> None:
    now, both = now_ms(), (connection.user_a, connection.user_b)
    found = await asyncio.gather(*(ask(store, connection, both[n % 2], at=now) for n in range(10)))
    assert len({each.request.id for each in found}) == 1


async def test_whoever_was_refused_waits_before_they_ask_again(
    store: VideoRequestStore, connection: ConnectionRow
) -> None:
    """The other may ask meanwhile: they have changed their mind."""
    now, pause = now_ms(), 24 * HOUR
    known = await ask(store, connection, connection.user_a, at=now, pause_ms=pause)
    await store.respond(known.request.id, connection.user_b, approve=False, now=now + 1)
    with pytest.raises(RateLimited) as refused:
        await ask(store, connection, connection.user_a, at=now + HOUR, pause_ms=pause)
    assert refused.value.retry_after_ms == pause - HOUR + 1
    theirs = await ask(store, connection, connection.user_b, at=now + HOUR, pause_ms=pause)
    assert theirs.request.status == "pending"
    await store.respond(theirs.request.id, connection.user_a, approve=False, now=now + HOUR)
    again = await ask(store, connection, connection.user_a, at=now + 1 + pause, pause_ms=pause)
    assert again.request.id not in {known.request.id, theirs.request.id}


async def test_what_asks_for_video_is_hidden_with_the_end_of_the_connection(
    store: VideoRequestStore, connection: ConnectionRow, world: World
) -> None:
    """From whoever was to answer, read or not; what others ask of them stays."""
    now, ben = now_ms(), connection.user_b
    await ask(store, connection, connection.user_a, at=now)
    other = await world.connected((await world.person("Cleo"), ben))
    kept = await ask(store, other, other.user_a if other.user_b == ben else other.user_b, at=now)

    async def shown() -> list[str]:
        page = await world.notifications.page(ben, unread=False, before=None, limit=10, now=now)
        return [each.subject.id for each in page if each.subject]

    assert len(await shown()) == 2
    assert await store.parted(ben, connection.user_a, now) == []
    await world.connections.end(connection.id, ben, now)
    assert await store.parted(ben, connection.user_a, now) == [ben]
    assert await shown() == [kept.request.id]
    assert await world.notifications.unread(ben, now) == 1
    assert await store.parted(ben, connection.user_a, now) == []


async def test_an_answer_at_the_moment_of_the_end_is_one_or_the_other(
    store: VideoRequestStore, connection: ConnectionRow
) -> None:
    now = now_ms()
    known = await ask(store, connection, connection.user_a, at=now)
    request = known.request
    answered, expired = await asyncio.gather(
        store.respond(request.id, request.approver_id, approve=True, now=now + HOUR - 1),
        store.expire(request.id, now + HOUR),
        return_exceptions=True,
    )
    assert isinstance(answered, KnownRequest) == (expired is None)
    [shown] = await store.page(connection.user_b, before=None, limit=10, now=now + HOUR)
    assert shown.status == ("approved" if expired is None else "expired")


async def test_an_answer_that_waits_for_the_end_comes_too_late(
    store: VideoRequestStore, connection: ConnectionRow, world: World
) -> None:
    """Both were told that it has expired: it does not become approved behind their backs."""
    asked = await ask(store, connection, connection.user_a, at=now_ms())
    request = asked.request.id
    async with asyncio.timeout(PATIENCE_S), world.pool.acquire() as job:
        async with job.transaction():
            await job.execute(
                "UPDATE interaction.video_requests SET status = 'expired' WHERE id = $1", request
            )
            answering = asyncio.create_task(
                store.respond(request, asked.request.approver_id, approve=True, now=now_ms())
            )
            await world.someone_waits_for(job)
        with pytest.raises(Expired):
            await answering
    known = await store.expire(request, now_ms())
    assert known is not None
    assert known.request.status == "expired"


async def test_nobody_answers(store: VideoRequestStore, connection: ConnectionRow) -> None:
    """Both are told once, though the job is done twice; a late job shows nothing wrong."""
    heard, now = Heard(), [now_ms()]
    news = Notifications(None, heard, None)  # type: ignore[arg-type]  # nothing of it is read here
    settings = Settings(video_request_h=1, decision_policy="mutual")
    requests = VideoRequests(store, heard, news, settings, lambda: now[0])
    asked = await requests.request(connection.user_a, VideoRequest(connection_id=connection.id))
    job = ExpireVideoRequest(request_id=asked.request_id)
    await requests.expire(job)
    assert [type(event) for _, event in heard.events] == [VideoWasRequested] * 2, "it has time"
    now[0] += HOUR
    answer = VideoRespond(request_id=asked.request_id, approve=True)
    with pytest.raises(Expired):
        await requests.respond(connection.user_b, answer)
    [shown] = await store.page(connection.user_a, before=None, limit=10, now=now[0])
    assert shown.status == "expired"
    again = await requests.request(connection.user_a, VideoRequest(connection_id=connection.id))
    assert again.request_id != asked.request_id
    heard.events.clear()
    await requests.expire(job)
    await requests.expire(job)
    told = {user: event for user, event in heard.events if isinstance(event, VideoResponded)}
    assert told.keys() == {connection.user_a, connection.user_b}
    assert len(heard.events) == 2
    assert {event.request.status for event in told.values()} == {"expired"}


async def test_the_job_is_there_with_the_request(
    store: VideoRequestStore, connection: ConnectionRow, world: World
) -> None:
    now = now_ms()
    before = {each.kind: each.jobs for each in await world.jobs.count() if each.state == "queued"}
    await ask(store, connection, connection.user_a, at=now)
    await ask(store, connection, connection.user_a, at=now)
    after = {each.kind: each.jobs for each in await world.jobs.count() if each.state == "queued"}
    assert after["video-request"] == before.get("video-request", 0) + 1
