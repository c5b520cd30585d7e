"""What people of the town do, each at a time in ms. People and places are named by their numbers, what
somebody makes by a key, so that others can come back to it.
"""

from typing import Literal

from msgspec import Struct

from core.vocabulary import Mode, Mood, PostVisibility


class Deed(Struct, frozen=True, kw_only=True, tag=True):
    """Something that happens. `who` does it."""

    at: int
    who: int


class Befriend(Deed, frozen=True, kw_only=True):
    """They ask another one to be a friend, who says yes, or (`answered` false) has not looked yet."""

    other: int
    answered: bool = True


class CheckIn(Deed, frozen=True, kw_only=True):
    """They are at a place, by its position."""

    place: int
    mood: Mood
    note: str


class Review(Deed, frozen=True, kw_only=True):
    """They say what they think of a place."""

    place: int
    rating: int
    title: str
    content: str


class Post(Deed, frozen=True, kw_only=True):
    """They show pictures."""

    key: int
    pictures: int
    caption: str
    visibility: PostVisibility


class Like(Deed, frozen=True, kw_only=True):
    """They like a post."""

    post: int


class Comment(Deed, frozen=True, kw_only=True):
    """They say something about a post, or (`to`) answer a comment of it."""

    key: int
    post: int
    content: str
    to: int | None = None


class Redeem(Deed, frozen=True, kw_only=True):
    """They show the code of the oldest reward that can be redeemed, if they have one, and staff redeem it."""


class Book(Deed, frozen=True, kw_only=True):
    """They book the n-th of a mentor's next slots."""

    mentor: int
    nth: int


class FinishSessions(Deed, frozen=True, kw_only=True):
    """A mentor says of sessions that are over that they were held; who was there says how it was."""

    rating: int


class Call(Deed, frozen=True, kw_only=True):
    """They were matched with another one and talked for so many seconds; both said yes, or not. `unread`: who
    called has not read yet what was `said` afterwards.
    """

    other: int
    mode: Mode
    talked_s: int
    connected: bool
    reason: Literal["hung_up", "skipped"] = "hung_up"
    said: tuple[str, ...] = ()
    unread: bool = False


class Read(Deed, frozen=True, kw_only=True):
    """They have read what they were told so far."""
