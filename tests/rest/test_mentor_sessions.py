"""Sessions with mentors over REST: booked, moved, cancelled, settled, noted about, and reviewed."""

import asyncio
from typing import Any

from core.clock import rfc3339, to_ms
from core.ids import new_id
from tests.rest.server import Answer, RestServer
from tests.rest.test_erasure import delete as delete_account
from tests.rest.test_erasure import erase
from tests.rest.test_mentors import starts
from tests.rest.test_own_data import opened, ready
from tests.stores.mentoring import HOUR_MS, a_mentor, completed, next_hour
from tests.stores.places import a_place
from tests.stores.rewarding import a_rule

Person = dict[str, Any]
SESSIONS = "/v1/mentor-sessions"


class Two:
    """Ana, and her mentor Mia."""

    def __init__(self, rest: RestServer, ana: Person, mia: Person, mentor: str) -> None:
        self.rest, self.ana, self.mia, self.mentor = rest, ana, mia, mentor

    async def book(self, begins: int, *, who: Person | None = None, **more: Any) -> Answer:
        body = {
            "mentor_id": self.mentor,
            "starts_at": rfc3339(begins),
            "duration_m": 60,
            "type": "virtual",
            **more,
        }
        token = (who or self.ana)["access_token"]
        return await self.rest.ask("POST", SESSIONS, token=token, json=body)

    async def booked(self, starts_at: int | None = None) -> str:
        answer = await self.book(starts_at or next_hour(self.rest.clock()))
        assert answer.status == 201, answer.body
        session_id: str = answer.body["id"]
        return session_id

    async def change(self, session_id: str, who: Person, **changes: Any) -> Answer:
        path = f"{SESSIONS}/{session_id}"
        return await self.rest.ask("PATCH", path, token=who["access_token"], json=changes)

    async def sessions(self, who: Person, query: str = "") -> list[Any]:
        answer = await self.rest.ask("GET", SESSIONS + query, token=who["access_token"])
        assert answer.status == 200, answer.body
        items: list[Any] = answer.body["items"]
        return items

    async def news(self, who: Person) -> list[str]:
        """What they were told of sessions, the newest first."""
        page = await self.rest.ask("GET", "/v1/notifications", token=who["access_token"])
        return [each["title"] for each in page.body["items"] if each["kind"] == "mentor_session"]


async def two(rest: RestServer, **more: Any) -> Two:
    ana, mia = await rest.sign_up(display_name="Ana"), await rest.sign_up(display_name="Mia")
    return Two(rest, ana, mia, await a_mentor(rest.world.pool, mia["user"]["id"], **more))


async def test_a_slot_is_booked(rest: RestServer) -> None:
    """Both have it among their sessions, the mentor is told, and nobody else can book it."""
    place = await a_place(rest.world.pool)
    pair = await two(rest, location_id=place)
    begins = next_hour()
    made = await pair.book(begins, type="in-person")
    assert made.status == 201, made.body
    told = {
        "mentor_id": pair.mentor,
        "starts_at": rfc3339(begins),
        "duration_m": 60,
        "type": "in-person",
        "location_id": place,
        "status": "scheduled",
        "change_until": rfc3339(begins - 12 * HOUR_MS),
    }
    assert told.items() <= made.body.items()
    assert (made.body["user"]["display_name"], made.body["mentor"]["display_name"]) == ("Ana", "Mia")
    assert await pair.sessions(pair.ana) == await pair.sessions(pair.mia) == [made.body]
    assert await pair.news(pair.mia) == ["Ana booked a session"]
    eve = await rest.sign_up()
    assert (await pair.book(begins, who=eve)).code == "conflict"
    assert rfc3339(begins) not in await starts(rest, eve, pair.mentor, begins, begins + HOUR_MS)
    assert await pair.sessions(eve) == []


async def test_what_cannot_be_booked(rest: RestServer) -> None:
    """What is no slot, a mentor who has no time or is not shown, oneself, and more than one may have."""
    pair = await two(rest, schedule_type="virtual")
    begins = next_hour()
    for wrong in (
        {"starts_at": rfc3339(begins + 60_000)},
        {"starts_at": rfc3339(begins - 72 * HOUR_MS)},
        {"duration_m": 30},
        {"type": "in-person"},
    ):
        assert (await pair.book(begins, **wrong)).code == "conflict", wrong
    assert (await pair.book(begins, who=pair.mia)).code == "conflict"
    assert (await pair.book(begins, mentor_id=new_id())).code == "not_found"
    assert (await pair.book(begins, starts_at="tomorrow")).code == "invalid_request"
    hidden = await a_mentor(rest.world.pool, await rest.world.person("New"), verified=False)
    assert (await pair.book(begins, mentor_id=hidden)).code == "not_found"
    away = await a_mentor(rest.world.pool, await rest.world.person("Away"), available=False)
    assert (await pair.book(begins, mentor_id=away)).code == "conflict"
    for n in range(10):
        assert (await pair.book(begins + n * HOUR_MS)).status == 201
    assert (await pair.book(begins + 10 * HOUR_MS)).code == "conflict"


async def test_nobody_is_in_two_sessions_at_once(rest: RestServer) -> None:
    """Nor with two mentors, nor as mentor and with one."""
    pair, other = await two(rest), await two(rest)
    begins = next_hour()
    await pair.booked(begins)
    assert (await other.book(begins, who=pair.ana)).code == "conflict"
    assert (await other.book(begins, who=pair.mia)).code == "conflict"
    assert (await other.book(begins + HOUR_MS, who=pair.mia)).status == 201
    assert (await pair.book(begins + HOUR_MS)).code == "conflict", "she has a session herself"


async def test_of_many_at_once_one_is_booked(rest: RestServer) -> None:
    pair = await two(rest)
    people = [await rest.sign_up() for _ in range(4)]
    begins = next_hour()
    answers = await asyncio.gather(*(pair.book(begins, who=who) for who in people for _ in range(3)))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 11


async def test_it_is_moved(rest: RestServer) -> None:
    """To another slot, by either; the old one is free again. The other is told."""
    pair = await two(rest)
    begins = next_hour()
    session = await pair.booked(begins)
    moved = await pair.change(session, pair.ana, starts_at=rfc3339(begins + 2 * HOUR_MS))
    assert (moved.status, moved.body["starts_at"]) == (200, rfc3339(begins + 2 * HOUR_MS))
    free = await starts(rest, pair.ana, pair.mentor, begins, begins + 3 * HOUR_MS)
    assert free == [rfc3339(begins), rfc3339(begins + HOUR_MS)]
    assert await pair.news(pair.mia) == ["Ana moved your session"]
    again = await pair.change(session, pair.ana, starts_at=rfc3339(begins + 2 * HOUR_MS))
    assert again.body == moved.body
    assert (await pair.change(session, pair.mia, starts_at=rfc3339(begins))).status == 200
    assert await pair.news(pair.ana) == ["Mia moved your session"]
    await pair.book(begins + HOUR_MS, who=await rest.sign_up())
    for wrong in (begins + HOUR_MS, begins + 60_000, begins - 72 * HOUR_MS):
        assert (await pair.change(session, pair.ana, starts_at=rfc3339(wrong))).code == "conflict"
    both = await pair.change(session, pair.ana, starts_at=rfc3339(begins), status="cancelled")
    assert both.code == "invalid_request"
    eve = await rest.sign_up()
    assert (await pair.change(session, eve, starts_at=rfc3339(begins))).code == "not_found"


async def test_it_is_cancelled_in_time(rest: RestServer) -> None:
    """By whoever has booked until twelve hours before, by the mentor until it begins; once."""
    pair = await two(rest)
    begins = next_hour()
    session, late = await pair.booked(begins), await pair.booked(begins + 24 * HOUR_MS)
    assert (await pair.change(session, pair.ana, status="cancelled")).body["status"] == "cancelled"
    assert (await pair.change(session, pair.ana, status="cancelled")).status == 200
    assert await pair.news(pair.mia) == ["Ana cancelled your session", "Ana booked a session"]
    assert (await pair.change(session, pair.ana, starts_at=rfc3339(begins))).code == "conflict"
    assert (await pair.book(begins)).status == 201, "it is free again"
    rest.clock.advance(s=(begins + 13 * HOUR_MS - rest.clock()) / 1000)
    rest_of = {
        who["user"]["id"]: (await rest.login(who["user"]["username"])).body for who in (pair.ana, pair.mia)
    }
    ana, mia = rest_of[pair.ana["user"]["id"]], rest_of[pair.mia["user"]["id"]]
    refused = await pair.change(late, ana, status="cancelled")
    assert refused.code == "conflict"
    assert refused.body["details"] == {"change_until": rfc3339(begins + 12 * HOUR_MS)}
    assert (await pair.change(late, mia, status="cancelled")).body["status"] == "cancelled"
    assert [each["id"] for each in await pair.sessions(ana, "?status=cancelled")] == [late, session]


async def test_what_became_of_it(rest: RestServer) -> None:
    """The mentor says that it was completed, which counts; not before it begins, and once for good."""
    pair = await two(rest)
    begins = next_hour(ahead_h=0)
    done, missed = await pair.booked(begins), await pair.booked(begins + HOUR_MS)
    assert (await pair.change(done, pair.mia, status="completed")).code == "conflict"
    rest.clock.advance(s=(begins + 2 * HOUR_MS - rest.clock()) / 1000)
    ana, mia = [(await rest.login(who["user"]["username"])).body for who in (pair.ana, pair.mia)]
    assert (await pair.change(done, ana, status="completed")).code == "forbidden"
    answers = await asyncio.gather(*(pair.change(done, mia, status="completed") for _ in range(5)))
    assert {answer.body["status"] for answer in answers} == {"completed"}
    assert (await pair.change(missed, ana, status="no-show")).body["status"] == "no-show"
    assert (await pair.change(missed, mia, status="completed")).code == "conflict"
    assert (await pair.change(done, ana, status="cancelled")).code == "conflict"
    shown = await rest.ask("GET", f"/v1/mentors/{pair.mentor}", token=ana["access_token"])
    assert shown.body["total_sessions"] == 1
    journeys = [await rest.ask("GET", "/v1/me/journey", token=who["access_token"]) for who in (ana, mia)]
    assert [each.body["mentor_sessions"] for each in journeys] == [1, 0]
    assert (await pair.news(ana))[0] == "Your session with Mia is completed"


async def test_a_completed_session_earns_a_reward(rest: RestServer) -> None:
    """Once, by whoever has booked it; one to which somebody did not come earns nothing."""
    title = f"Well done {new_id()}"
    pair = await two(rest)
    begins = next_hour(ahead_h=0)
    done, missed = await pair.booked(begins), await pair.booked(begins + HOUR_MS)
    rest.clock.advance(s=(begins + 2 * HOUR_MS - rest.clock()) / 1000)
    ana, mia = [(await rest.login(who["user"]["username"])).body for who in (pair.ana, pair.mia)]
    await a_rule(rest.world, await rest.world.person(), kind="mentor_session", title=title)
    assert (await pair.change(missed, mia, status="no-show")).status == 200
    answers = await asyncio.gather(*(pair.change(done, mia, status="completed") for _ in range(3)))
    assert {answer.status for answer in answers} == {200}
    wallets = [await rest.ask("GET", "/v1/me/rewards", token=who["access_token"]) for who in (ana, mia)]
    assert [[each["title"] for each in page.body["items"]].count(title) for page in wallets] == [1, 0]


async def test_each_has_notes_of_their_own(rest: RestServer) -> None:
    """Only whoever wrote them reads them; they are sealed where anything is, and go with the account."""
    pair = await two(rest)
    session = await pair.booked()
    assert (await pair.change(session, pair.ana, notes="Ask about sleep.")).body[
        "notes"
    ] == "Ask about sleep."
    [hers] = await pair.sessions(pair.mia)
    assert "notes" not in hers
    await pair.change(session, pair.mia, notes="Shy.")
    assert [await _notes(pair, who) for who in (pair.ana, pair.mia)] == ["Ask about sleep.", "Shy."]
    await pair.change(session, pair.ana, notes="Ask about food.")
    assert await _notes(pair, pair.ana) == "Ask about food."
    await pair.change(session, pair.ana, notes=None)
    assert await _notes(pair, pair.ana) is None
    assert (await pair.change(session, await rest.sign_up(), notes="Me too.")).code == "not_found"
    await delete_account(rest, pair.mia)
    await erase(rest, pair.mia["user"]["id"])
    assert (
        await rest.world.pool.fetchval(
            "SELECT count(*) FROM places.mentor_notes WHERE session_id = $1", session
        )
        == 0
    )


async def _notes(pair: Two, who: Person) -> str | None:
    [session] = await pair.sessions(who)
    return session.get("notes")  # type: ignore[no-any-return]


async def test_both_are_reminded(rest: RestServer) -> None:
    """An hour before, once; of where it was moved to, and not of one that was cancelled."""
    pair = await two(rest)
    begins = next_hour()
    moved, off = await pair.booked(begins), await pair.booked(begins + 24 * HOUR_MS)
    await pair.change(moved, pair.ana, starts_at=rfc3339(begins + 2 * HOUR_MS))
    await pair.change(off, pair.mia, status="cancelled")
    rows = await rest.world.pool.fetch(
        "SELECT execute_after FROM jobs.pgqueuer WHERE entrypoint = 'mentor-session' ORDER BY id DESC LIMIT 3"
    )
    due = [to_ms(row["execute_after"]) for row in rows][::-1]
    expected = [begins - HOUR_MS, begins + 23 * HOUR_MS, begins + HOUR_MS]
    assert all(abs(one - other) < 60_000 for one, other in zip(due, expected, strict=True))
    await _let_time_pass(rest)
    told = ["Your session with Mia begins soon", "Mia cancelled your session"]
    assert await pair.news(pair.ana) == told
    assert (await pair.news(pair.mia))[0] == "Your session with Ana begins soon"
    await rest.ask("POST", "/v1/notifications/read", token=pair.ana["access_token"], json={"all": True})
    await _let_time_pass(rest)
    assert await pair.news(pair.ana) == told


async def _let_time_pass(rest: RestServer) -> None:
    """All reminders that wait are due."""
    await rest.world.pool.execute(
        "UPDATE jobs.pgqueuer SET execute_after = now() WHERE entrypoint = 'mentor-session'"
    )
    await rest.work()


async def test_a_block_ends_what_two_have_before_them(rest: RestServer) -> None:
    """It looks cancelled, the other is a name, and nothing more can be booked."""
    pair = await two(rest)
    begins = next_hour()
    session, past = (
        await pair.booked(begins),
        await completed(rest.world.pool, pair.mentor, pair.ana["user"]["id"]),
    )
    body = {"user_id": pair.ana["user"]["id"]}
    await rest.ask("POST", "/v1/blocks", token=pair.mia["access_token"], json=body)
    theirs = await pair.sessions(pair.ana)
    assert [(each["id"], each["status"]) for each in theirs] == [(session, "cancelled"), (past, "completed")]
    assert theirs[0]["mentor"]["display_name"] == "Mia"
    assert "bio" not in theirs[0]["mentor"]
    assert (await pair.book(begins)).code == "not_found"
    assert (await pair.change(session, pair.ana, starts_at=rfc3339(begins))).code == "conflict"
    await _let_time_pass(rest)
    assert (await pair.news(pair.ana))[0] == "Your session was cancelled"


async def test_who_leaves_has_no_sessions(rest: RestServer) -> None:
    """From when on they have asked for it: the other's time is free, and a mentor is not found."""
    pair = await two(rest)
    begins = next_hour()
    await pair.booked(begins)
    await delete_account(rest, pair.mia)
    [left] = await pair.sessions(pair.ana)
    assert left["status"] == "cancelled"
    await erase(rest, pair.mia["user"]["id"])
    [left] = await pair.sessions(pair.ana)
    assert left["mentor"]["display_name"] == "Deleted account"
    row = await rest.world.pool.fetchrow(
        "SELECT title, bio, verified FROM places.mentors WHERE id = $1", pair.mentor
    )
    assert tuple(row) == ("", "", False)


async def test_one_who_is_banned_need_not_be_waited_for(rest: RestServer) -> None:
    """Whoever has booked may cancel until it begins, but not move it."""
    pair = await two(rest)
    begins = next_hour(ahead_h=4)
    session = await pair.booked(begins)
    rest.clock.advance(s=1800)
    ana = (await rest.login(pair.ana["user"]["username"])).body
    assert (await pair.change(session, ana, status="cancelled")).code == "conflict"
    await rest.world.ban(pair.mia["user"]["id"])
    assert (await pair.change(session, ana, starts_at=rfc3339(begins + HOUR_MS))).code == "conflict"
    assert (await pair.change(session, ana, status="cancelled")).status == 200


async def test_sessions_page_by_page(rest: RestServer) -> None:
    """The latest first, as mentor and with mentors."""
    pair = await two(rest)
    begins = next_hour()
    mine = [await pair.booked(begins + n * HOUR_MS) for n in (2, 0, 1)]
    seen, cursor = [], ""
    for _ in range(3):
        answer = await rest.ask("GET", f"{SESSIONS}?limit=1{cursor}", token=pair.mia["access_token"])
        seen += [each["id"] for each in answer.body["items"]]
        cursor = f"&cursor={answer.body['next_cursor']}"
    assert seen == [mine[0], mine[2], mine[1]]
    assert answer.body["next_cursor"] is None


async def review(pair: Two, who: Person, **body: Any) -> Answer:
    path = f"/v1/mentors/{pair.mentor}/reviews"
    return await pair.rest.ask("POST", path, token=who["access_token"], json=body)


async def comes_to(pair: Two) -> tuple[float | None, int]:
    """The rating and the number of reviews, as the mentor's page says."""
    shown = await pair.rest.ask("GET", f"/v1/mentors/{pair.mentor}", token=pair.ana["access_token"])
    return shown.body["rating"], shown.body["review_count"]


async def test_a_mentor_is_reviewed_after_a_session(rest: RestServer) -> None:
    """Once by each, and not before; the rating is exact after a change, a withdrawal, and an erasure."""
    pair, pool = await two(rest), rest.world.pool
    ben = await rest.sign_up(display_name="Ben")
    assert (await review(pair, pair.ana, rating=5)).code == "conflict"
    for days, who in enumerate((pair.ana, ben), 1):
        await completed(pool, pair.mentor, who["user"]["id"], days=days)
    made = await review(pair, pair.ana, rating=5, content="She listens.")
    assert (made.status, made.body["verified_visit"]) == (201, True)
    assert (await review(pair, pair.ana, rating=4)).code == "conflict"
    other = await review(pair, ben, rating=2)
    assert await comes_to(pair) == (3.5, 2)
    page = await rest.ask("GET", f"/v1/mentors/{pair.mentor}/reviews", token=pair.mia["access_token"])
    assert page.body["items"] == [other.body, made.body]
    await rest.ask(
        "PATCH", f"/v1/reviews/{made.body['id']}", token=pair.ana["access_token"], json={"rating": 3}
    )
    assert await comes_to(pair) == (2.5, 2)
    await delete_account(rest, ben)
    await erase(rest, ben["user"]["id"])
    assert await comes_to(pair) == (3.0, 1)
    await rest.ask("DELETE", f"/v1/reviews/{made.body['id']}", token=pair.ana["access_token"])
    assert await comes_to(pair) == (None, 0)
    assert (await review(pair, await rest.sign_up(), rating=1)).code == "conflict"


async def test_a_copy_of_ones_data_has_ones_sessions(rest: RestServer) -> None:
    """With one's own notes, and not the other's."""
    pair = await two(rest)
    session = await pair.booked()
    await pair.change(session, pair.ana, notes="Ask about sleep.")
    await pair.change(session, pair.mia, notes="Shy.")
    copy = await opened(rest, await ready(rest, pair.ana))
    assert session in copy.read("data/mentor_sessions.json").decode()
    notes = copy.read("data/mentor_notes.json").decode()
    assert "Ask about sleep." in notes
    assert "Shy." not in notes
