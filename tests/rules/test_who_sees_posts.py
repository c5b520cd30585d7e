"""Who sees a post and what is said below it, case by case; the queries that ask so are compared elsewhere."""

from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from core.posts import (
    CommentFacts,
    PostFacts,
    channel,
    is_comment_shown_to,
    is_in_feed,
    is_meant_for,
    is_shown_to,
)
from core.visibility import UserFacts
from core.vocabulary import PostVisibility

NOW = 1_800_000_000_000


@dataclass(frozen=True)
class People:
    """Ana posts. Ben is her friend, Cid is nobody to her, Dan is blocked by her."""

    ana: UserFacts
    ben: UserFacts
    cid: UserFacts
    dan: UserFacts


@pytest.fixture
def people() -> People:
    ana = UserFacts(id="ana", friends=frozenset({"ben"}), blocks=frozenset({"dan"}))
    return People(
        ana, UserFacts(id="ben", friends=frozenset({"ana"})), UserFacts(id="cid"), UserFacts(id="dan")
    )


@pytest.mark.parametrize(
    ("visibility", "audience", "seen_by"),
    [
        ("friends", (), "ana ben"),
        ("selected", ("ben", "cid"), "ana ben"),
        ("selected", (), "ana"),
        ("everyone", (), "ana ben cid"),
    ],
)
def test_an_author_says_who_sees_a_post(
    people: People, visibility: PostVisibility, audience: tuple[str, ...], seen_by: str
) -> None:
    """Who was chosen and is no friend does not; whom she has blocked never does."""
    post = PostFacts(author=people.ana, visibility=visibility, audience=frozenset(audience))
    everybody = (people.ana, people.ben, people.cid, people.dan)
    assert [who.id for who in everybody if is_meant_for(who, post, NOW)] == seen_by.split()
    in_feed = {who.id for who in everybody if is_in_feed(who, post, NOW)}
    assert in_feed == set(seen_by.split()) - {"cid"}, "strangers' posts have to be looked for"


def test_what_is_held_back_its_author_alone_sees_and_what_is_deleted_nobody(people: People) -> None:
    post = PostFacts(author=people.ana, visibility="everyone", held=True)
    assert is_shown_to(people.ana, post, NOW)
    assert not is_shown_to(people.ben, post, NOW)
    assert not is_meant_for(people.ana, replace(post, deleted=True), NOW)


def test_a_comment_goes_with_what_it_answers(people: People) -> None:
    said = CommentFacts(author=people.ana)
    answer = CommentFacts(author=people.ben, answers=said)
    assert is_comment_shown_to(people.cid, answer, NOW)
    assert not is_comment_shown_to(people.dan, answer, NOW), "she has blocked him, so he sees none of hers"
    assert not is_comment_shown_to(people.cid, replace(answer, answers=replace(said, held=True)), NOW)
    assert not is_comment_shown_to(people.cid, replace(said, deleted=True), NOW)
    assert is_comment_shown_to(people.ana, replace(said, held=True), NOW)


def test_each_post_has_a_channel_of_its_own() -> None:
    assert channel("one") != channel("two")
