"""Checking in, and redeeming rewards."""

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import orjson
from fastapi import APIRouter, HTTPException, Request, Response

from bench.rest.peer.foundation import SQL, Asked, codes, given, row, rows, said, writes
from bench.rest.peer.views import (
    CalendarDay,
    CheckedIn,
    CheckInView,
    JourneyView,
    MilestoneView,
    NewCheckIn,
    Redeemed,
    Redemption,
    Scan,
)
from core import check_ins as rules
from core.check_ins import Attempt, Before, Spot
from core.clock import rfc3339, to_datetime, to_ms
from core.geography import Position
from core.ids import new_id
from core.journey import (
    BEGUN,
    CALENDAR_DAYS,
    MILESTONES,
    Counted,
    Journey,
    at_day,
    goes_on,
    next_level_at,
    percent,
    step,
)
from core.signed_codes import NotOurs

router = APIRouter()


async def claimed(request: Request, asked: Asked, operation: str, body: bytes) -> Response | None:
    """What a copy of this request was answered."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    digest = hashlib.sha256(body).digest()
    by = asked.caller
    found = await row(asked.connection, "claim", str(by.user_id), operation, key, digest, by.at)
    if found.digest != digest:
        raise HTTPException(409, "idempotency_conflict")
    return (
        None
        if found.answer is None
        else Response(orjson.dumps(found.answer), 201, media_type="application/json")
    )


async def kept(request: Request, asked: Asked, operation: str, answer: Response) -> Response:
    if key := request.headers.get("idempotency-key"):
        body = bytes(answer.body).decode()
        await asked.connection.exec_driver_sql(SQL["keep"], (str(asked.caller.user_id), operation, key, body))
    return answer


@router.post("/v1/check-ins", status_code=201)
async def check_in(new: NewCheckIn, request: Request) -> Response:
    async with writes(request) as asked:
        by, db = asked.caller, asked.connection
        if (before := await claimed(request, asked, "check_in", await request.body())) is not None:
            return before
        place = await row(db, "place", new.location_id, by.user_id)
        if place is None:
            raise HTTPException(404)
        zone = place.time_zone or new.time_zone or place.zone or "UTC"
        day = by.at.astimezone(ZoneInfo(zone)).date()
        spot = Spot(Position(place.lat, place.lon), place.radius_m)
        there = rules.is_there(spot, Position(new.lat, new.lon), new.accuracy_m)
        await db.exec_driver_sql(SQL["lock_users"], ([by.user_id],))
        held = await row(db, "held", by.user_id)
        window = to_datetime(by.now - rules.AROUND_MS), to_datetime(by.now + rules.AROUND_MS)
        others = [
            Before(
                str(each.location_id),
                Spot(Position(each.lat, each.lon), each.radius_m),
                to_ms(each.at),
                each.local_day,
            )
            for each in await rows(db, "around", by.user_id, day, *window)
        ]
        attempt = Attempt(str(new.location_id), spot, by.now, day, there)
        reason = rules.why_not(attempt, others, most_a_day=given["most_a_day"])
        check_in_id, proof = UUID(new_id(by.now)), "position" if there else None
        await db.exec_driver_sql(
            SQL["write_check_in"],
            (
                check_in_id,
                by.user_id,
                new.location_id,
                place.type,
                day,
                zone,
                by.at,
                by.at,
                proof,
                reason,
                new.mood,
                new.note,
            ),
        )
        journey = BEGUN if held.state is None else msgspec.convert(held.state, Journey)
        if reason is None:
            counted = Counted(id=str(check_in_id), at=by.now, day=day, zone=zone, type=place.type)
            if not goes_on(journey, counted):
                raise HTTPException(501)  # none here comes late
            journey = step(journey, counted)
            state = msgspec.json.encode(journey).decode()
            await db.exec_driver_sql(SQL["write_journey"], (by.user_id, state, by.at))
            kinds = ["check_in", "level", "milestone", "streak"]
            await rows(db, "reward_rules", kinds, by.user_id)  # none of which is due here
        made = CheckInView.model_construct(
            id=check_in_id,
            location_id=new.location_id,
            verified=there,
            verified_by=proof,
            counts=reason is None,
            local_day=day,
            zone=zone,
            at=rfc3339(by.now),
            created_at=rfc3339(by.now),
            reason=reason,
            mood=new.mood,
            note=new.note,
        )
        done = CheckedIn.model_construct(
            check_in=made, journey=_journey(journey, held, day, zone), rewards=[]
        )
        return await kept(request, asked, "check_in", said(done, status=201))


def _journey(journey: Journey, held: Any, day: date, zone: str) -> JourneyView:
    standing = at_day(journey, day, zone)
    last, since = standing.last_day, day - timedelta(days=CALENDAR_DAYS)
    days = {each: False for each in journey.days if each > since}
    days |= {each: True for each in standing.frozen if each > since}
    begun = to_ms(held.created_at) if journey.level_since is None else journey.level_since
    alive = last and datetime.combine(last + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)
    return JourneyView.model_construct(
        level=journey.level,
        percent=percent(journey.total),
        next_level_at=next_level_at(journey.level),
        level_since=rfc3339(begun),
        total_check_ins=journey.total,
        gym_visits=journey.at_places("gym"),
        mentor_sessions=held.mentor_sessions,
        coffee_redemptions=held.coffee_redemptions,
        current_streak=standing.streak,
        longest_streak=journey.longest,
        freezes=standing.freezes,
        streak_alive_until=alive and rfc3339(to_ms(alive)),
        milestones=[
            MilestoneView.model_construct(
                id=each.id,
                title=each.title,
                achieved_at=rfc3339(journey.milestones[each.id]) if each.id in journey.milestones else None,
            )
            for each in MILESTONES
        ],
        calendar=[
            CalendarDay.model_construct(day=each, counts=not frozen, frozen=frozen)
            for each, frozen in sorted(days.items())
        ],
    )


# Rewards


@router.post("/v1/rewards/redeem", status_code=201)
async def redeem(scan: Scan, request: Request) -> Response:
    async with writes(request) as asked:
        by, db = asked.caller, asked.connection
        try:
            read = codes.read(scan.code, by.now)
        except NotOurs:
            raise HTTPException(422) from None
        about = f"{read.subject} {scan.location_id}".encode()
        if (before := await claimed(request, asked, "redeem_reward", about)) is not None:
            return before
        if not read.fresh:
            raise HTTPException(410)
        entry = new_id(by.now)
        values = (UUID(read.subject), scan.location_id, by.user_id, by.at, UUID(entry))
        done = await row(db, "redeem", *values)
        if done is None:
            raise HTTPException(409)
        view = Redeemed.model_construct(
            redemption=Redemption.model_construct(
                id=UUID(entry),
                reward_id=UUID(read.subject),
                location_id=scan.location_id,
                at=rfc3339(by.now),
                reversible_until=rfc3339(by.now + 600_000),
            )
        )
        answer = await kept(request, asked, "redeem_reward", said(view, status=201))
        notice = {
            "id": new_id(by.now),
            "user_id": str(done.user_id),
            "kind": "reward",
            "title": f"Redeemed: {done.title}",
            "body": f"At {done.place}, just now.",
            "subject_type": "reward",
            "subject_id": read.subject,
            "action_label": "See your rewards",
            "action_url": "/#rewards",
            "created_at": rfc3339(by.now),
        }
        await db.exec_driver_sql(SQL["notify"], (orjson.dumps(notice).decode(), done.user_id, False))
        return answer
