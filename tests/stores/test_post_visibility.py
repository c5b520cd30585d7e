"""Who sees which post and comment in SQL is the rule in Python, for whatever is on record.

Each run makes a few people with friendships, blocks and bans, posts of each kind, held back or deleted, and
comments with answers; and asks for each viewer about all of them: one by one, in lists and in the feed.
"""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from core.clock import to_datetime
from core.contract.posts import PostView
from core.errors import NotFound
from core.ids import new_id
from core.posts import CommentFacts, PostFacts, is_comment_shown_to, is_in_feed, is_meant_for, is_shown_to
from core.visibility import UserFacts
from core.vocabulary import PostVisibility
from db.postgres.comments import CommentStore
from db.postgres.posts import PostStore
from tests.stores.test_visibility import BANS, NOW, PAIRS, PEOPLE, Draw, on_record
from tests.stores.world import World

NUMBERS = st.integers(0, PEOPLE - 1)
KINDS: tuple[PostVisibility, ...] = ("friends", "selected", "everyone")


class Posting(Struct, frozen=True):
    """A post by number of its author. `said`: by whom, held, deleted, which of those before it answers."""

    author: int
    visibility: PostVisibility
    audience: set[int]
    held: bool
    deleted: bool
    said: list[tuple[int, bool, bool, int | None]]


RARELY = st.sampled_from([False] * 4 + [True])
SAID = st.lists(st.tuples(NUMBERS, RARELY, RARELY, st.none() | st.integers(0, 2)), max_size=4)
POSTS = st.lists(
    st.builds(Posting, NUMBERS, st.sampled_from(KINDS), st.sets(NUMBERS), RARELY, RARELY, SAID),
    min_size=1,
    max_size=6,
)
NO_PAIRS = st.just(set[tuple[int, int]]())
NOBODY = st.just(set[int]())
# Each field is named: for one that is not given, `builds` makes up numbers of people who are not there.
DRAWS = st.builds(
    Draw,
    bans=st.lists(st.just([]) | BANS, min_size=PEOPLE, max_size=PEOPLE),
    erased=st.sets(NUMBERS, max_size=1),
    erasing=st.sets(NUMBERS, max_size=1),
    blocks=st.sets(st.tuples(NUMBERS, NUMBERS).filter(lambda pair: pair[0] != pair[1]), max_size=2),
    active=NO_PAIRS,
    ended=NO_PAIRS,
    reports=PAIRS,
    suspicions=PAIRS,
    cleared=NO_PAIRS,
    met=NO_PAIRS,
    friends=PAIRS,
    asked=NO_PAIRS,
    contacts=NO_PAIRS,
    findable=NOBODY,
    by_phone=NOBODY,
    hides=NOBODY,
    probes=st.sets(NUMBERS, max_size=2),
)
Comments = list[tuple[str, CommentFacts]]


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(draw=DRAWS, posts=POSTS)
async def test_the_rule_in_sql_is_the_rule_in_python(world: World, draw: Draw, posts: list[Posting]) -> None:
    people = await on_record(world, draw)
    made = [await post_on_record(world, people, one, n) for n, one in enumerate(posts)]
    store, comments = PostStore(world.pool), CommentStore(world.pool, world.notifications.notify)
    for viewer in people:
        shown = {post_id for post_id, post, _ in made if is_shown_to(viewer, post, NOW)}
        near = [post_id for post_id, post, _ in made if is_in_feed(viewer, post, NOW)]
        assert await feed(store, viewer) == near[::-1]
        for author in people:
            page = await store.posts(author.id, viewer.id, before=None, limit=50, now=NOW)
            theirs = [post_id for post_id, post, _ in made if post.author is author and post_id in shown]
            assert [post.id for post in page] == theirs[::-1]
        for post_id, post, said in made:
            found = await world.pool.fetchval(
                "SELECT EXISTS (SELECT FROM social.posts_meant_for($1, $2) WHERE post_id = $3)",
                viewer.id,
                to_datetime(NOW),
                post_id,
            )
            assert found == is_meant_for(viewer, post, NOW)
            readable = {id_ for id_, one in said if is_comment_shown_to(viewer, one, NOW)}
            expected = readable if post_id in shown else None
            assert await read(comments, post_id, viewer) == expected


async def feed(store: PostStore, viewer: UserFacts) -> list[str]:
    """Two at a time."""
    found: list[PostView] = []
    while page := await store.feed(viewer.id, before=found[-1].id if found else None, limit=2, now=NOW):
        found += page
    return [post.id for post in found]


async def read(comments: CommentStore, post_id: str, viewer: UserFacts) -> set[str] | None:
    """None: there is no such post."""
    try:
        page = await comments.comments(post_id, viewer.id, after=None, limit=50, now=NOW)
    except NotFound:
        return None
    return {comment.id for comment in page}


async def post_on_record(
    world: World, people: list[UserFacts], given: Posting, number: int
) -> tuple[str, PostFacts, Comments]:
    """Put it into the database as it is, whatever the product would have refused."""
    post_id, author = new_id(NOW + number), people[given.author]
    audience = [people[n].id for n in given.audience] if given.visibility == "selected" else []
    await world.pool.execute(
        "INSERT INTO social.posts"
        " (id, author_id, media_ids, visibility, created_at, updated_at, held_at, deleted_at)"
        " VALUES ($1::uuid, $2, ARRAY[$1::uuid], $3, $4::timestamptz, $4, CASE WHEN $5 THEN $4 END,"
        " CASE WHEN $6 THEN $4 END)",
        post_id,
        author.id,
        given.visibility,
        to_datetime(NOW),
        given.held,
        given.deleted,
    )
    await world.pool.execute(
        "INSERT INTO social.post_audience (user_id, post_id) SELECT unnest($1::uuid[]), $2", audience, post_id
    )
    said: Comments = []
    for n, (who, held, gone, answers) in enumerate(given.said):
        before = said[answers] if answers is not None and answers < len(said) else None
        if before is not None and before[1].answers is not None:
            before = None
        id_ = new_id(NOW + n)
        deleted = gone or (before is not None and before[1].deleted)
        await world.pool.execute(
            "INSERT INTO social.comments"
            " (id, post_id, author_id, reply_to, content, created_at, held_at, deleted_at)"
            " VALUES ($1, $2, $3, $4, CASE WHEN NOT $6 THEN 'hm' END, $7::timestamptz,"
            " CASE WHEN $5 THEN $7 END, CASE WHEN $6 THEN $7 END)",
            id_,
            post_id,
            people[who].id,
            before and before[0],
            held,
            deleted,
            to_datetime(NOW),
        )
        facts = CommentFacts(author=people[who], held=held, deleted=deleted, answers=before and before[1])
        said.append((id_, facts))
    facts_of_post = PostFacts(
        author=author,
        visibility=given.visibility,
        audience=frozenset(audience),
        held=given.held,
        deleted=given.deleted,
    )
    return post_id, facts_of_post, said
