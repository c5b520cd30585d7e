"""Profile, feed and places near by."""

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, HTTPException, Request, Response

from bench.rest.peer.foundation import Caller, files, reads, row, rows, said
from bench.rest.peer.views import (
    Card,
    LocationPage,
    LocationView,
    MediaUrls,
    MediaView,
    PostPage,
    PostView,
    ProfileView,
)
from core.clock import age_on, rfc3339, to_ms, today
from core.contract.locations import Hours
from core.geography import Position, boxes, first_look_m, next_look_m
from core.wire.cursors import BY_DISTANCE, BY_ID
from services.opening_hours import is_open

router = APIRouter()


def photo(media_id: Any, name: Any, by: Caller) -> str:
    return by.server + files.of(str(media_id), name, by.now)


def pictures(found: list[Any] | None, by: Caller, kind: str, *, own: bool) -> list[MediaView]:
    return [
        MediaView.model_construct(
            id=each["id"],
            type=each["type"],
            state=each["state"],
            size=each["size"],
            urls=MediaUrls.model_construct(
                **{name: photo(each["id"], name, by) for name in ("original", *each["renditions"])}
            ),
            width=each["width"],
            height=each["height"],
            duration_ms=each["duration_ms"],
            blurhash=each["blurhash"],
        )
        for each in found or ()
        if each["type"] == kind and (own or each["state"] == "ready")
    ]


def card(found: Any, by: Caller, day: date) -> dict[str, Any]:
    return {
        "user_id": found.user_id,
        "display_name": found.display_name,
        "gender": found.gender,
        "intent": found.intent,
        "languages": found.languages,
        "age": age_on(found.birth_date, day) if found.show_age else None,
        "country": found.country,
        "city": found.city,
        "bio": found.bio,
        "photo_url": photo(found.photo_id, "s640", by) if found.photo_id else None,
    }


@router.get("/v1/profiles/{user_id}")
async def profile(user_id: UUID, request: Request) -> Response:
    async with reads(request) as asked:
        by = asked.caller
        found = await row(asked.connection, "visible_card", user_id, by.user_id, by.at)
        if found is None:
            raise HTTPException(404)
        own = user_id == by.user_id
        view = ProfileView.model_construct(
            **card(found, by, today(by.now)),
            photos=pictures(found.media, by, "image", own=own),
            videos=pictures(found.media, by, "video", own=own),
        )
        return said(view)


@router.get("/v1/feed")
async def feed(request: Request, limit: int = 50, cursor: str | None = None) -> Response:
    async with reads(request) as asked:
        by, day = asked.caller, today(asked.caller.now)
        before = BY_ID.read(cursor)
        found = await rows(asked.connection, "feed", by.user_id, by.at, before and UUID(before), limit + 1)
        items = [
            PostView.model_construct(
                id=each.id,
                author=Card.model_construct(**card(each, by, day)),
                media=pictures(each.media, by, "image", own=each.author_id == by.user_id),
                caption=each.caption,
                visibility=each.visibility,
                like_count=each.like_count,
                comment_count=each.comment_count,
                liked=each.liked,
                created_at=rfc3339(to_ms(each.created_at)),
                updated_at=rfc3339(to_ms(each.updated_at)),
                audience=each.audience,
                held=each.held,
            )
            for each in found[:limit]
        ]
        after = BY_ID.write(str(items[-1].id)) if len(found) > limit else None
        return said(PostPage.model_construct(items=items, next_cursor=after), request)


# Places


@router.get("/v1/locations")
async def near_by(request: Request, near: str, radius_m: int = 10_000, limit: int = 50) -> Response:
    async with reads(request) as asked:
        by, (lat, lon) = asked.caller, map(float, near.split(","))
        around, look_m = Position(lat, lon), first_look_m(0.0, radius_m)
        while True:
            sides = [side for box in boxes(around, look_m) for side in msgspec.structs.astuple(box)]
            values = (lon, lat, *sides, look_m, -1.0, UUID(int=0), limit + 1, None)
            found = await rows(asked.connection, "near", *values)
            if len(found) > limit or look_m >= radius_m:
                break
            look_m = next_look_m(look_m, len(found), limit + 1, radius_m)
        shown = found[:limit]
        known = await rows(asked.connection, "these", [each.id for each in shown], by.at, False)
        by_id = {each.id: each for each in known}
        items = [_place(by_id[each.id], by, round(each.distance)) for each in shown if each.id in by_id]
        more = len(found) > limit
        after = BY_DISTANCE.write((shown[-1].distance, str(shown[-1].id))) if more else None
        return said(LocationPage.model_construct(items=items, next_cursor=after), request)


def _place(found: Any, by: Caller, distance_m: int) -> LocationView:
    fields = dict(found._mapping)
    fields.pop("active"), fields.pop("media_ids")
    hours = found.hours and msgspec.json.decode(found.hours, type=Hours)
    total, count = fields.pop("rating_sum"), found.review_count
    return LocationView.model_construct(
        **fields
        | {
            "media": pictures(found.media, by, "image", own=False),
            "hours": hours and msgspec.to_builtins(hours),
            "contact": msgspec.json.decode(found.contact),
            "open_now": bool(hours) and is_open(hours, by.now),
            "rating": round(total / count, 2) if count else None,
            "distance_m": distance_m,
        }
    )
