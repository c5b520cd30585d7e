"""What the peer answers and is sent, as pydantic models: the same JSON as the product's contract has."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field


class MediaUrls(BaseModel):
    original: str | None = None
    s160: str | None = None
    s640: str | None = None
    s1280: str | None = None


class MediaView(BaseModel):
    id: str
    type: str
    state: str
    size: int
    urls: MediaUrls
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    blurhash: str | None = None


class Card(BaseModel):
    user_id: UUID
    display_name: str
    gender: str
    intent: str
    languages: list[str]
    age: int | None = None
    country: str | None = None
    city: str | None = None
    bio: str | None = None
    photo_url: str | None = None


class ProfileView(Card):
    photos: list[MediaView]
    videos: list[MediaView]


class PostView(BaseModel):
    id: UUID
    author: Card
    media: list[MediaView]
    caption: str | None
    visibility: str
    like_count: int
    comment_count: int
    liked: bool
    created_at: str
    updated_at: str
    audience: list[UUID] | None = None
    held: bool = False


class PostPage(BaseModel):
    items: list[PostView]
    next_cursor: str | None


class LocationView(BaseModel):
    id: UUID
    name: str
    type: str
    lat: float
    lon: float
    address: str
    city: str
    country: str
    description: str | None
    amenities: list[str]
    anxiety_level: str | None
    hours: dict[str, Any] | None
    open_now: bool
    contact: dict[str, Any]
    verified: bool
    beginner_friendly: bool
    has_qr_reward: bool
    media: list[MediaView]
    rating: float | None
    review_count: int
    check_in_count: int
    radius_m: int
    distance_m: int


class LocationPage(BaseModel):
    items: list[LocationView]
    next_cursor: str | None


class NewCheckIn(BaseModel):
    location_id: UUID
    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]
    accuracy_m: Annotated[float, Field(ge=0, le=100_000)] = 0.0
    mood: Literal["calm", "anxious", "neutral", "motivated"] | None = None
    note: Annotated[str, Field(max_length=1000)] | None = None
    time_zone: Annotated[str, Field(max_length=64)] | None = None


class CheckInView(BaseModel):
    id: UUID
    location_id: UUID
    verified: bool
    verified_by: str | None
    counts: bool
    local_day: date
    zone: str
    at: str
    created_at: str
    reason: str | None = None
    mood: str | None = None
    note: str | None = None


class MilestoneView(BaseModel):
    id: str
    title: str
    achieved_at: str | None = None


class CalendarDay(BaseModel):
    day: date
    counts: bool
    frozen: bool


class JourneyView(BaseModel):
    level: int
    percent: int
    next_level_at: int | None
    level_since: str
    total_check_ins: int
    gym_visits: int
    mentor_sessions: int
    coffee_redemptions: int
    current_streak: int
    longest_streak: int
    freezes: int
    streak_alive_until: str | None
    milestones: list[MilestoneView]
    calendar: list[CalendarDay]


class CheckedIn(BaseModel):
    check_in: CheckInView
    journey: JourneyView
    rewards: list[dict[str, Any]]


class Scan(BaseModel):
    code: Annotated[str, Field(min_length=1, max_length=200)]
    location_id: UUID


class Redemption(BaseModel):
    id: UUID
    reward_id: UUID
    location_id: UUID
    at: str
    reversible_until: str
    reversed_at: datetime | None = None


class Redeemed(BaseModel):
    redemption: Redemption
