"""Posts in PostgreSQL: the feed and its pages, whose a picture is, counts, and what goes when."""

import asyncio

import pytest

from core.clock import DAY_MS, now_ms
from core.contract.comments import NewComment
from core.contract.posts import NewPost, PostPatch, PostView
from core.errors import Conflict, Forbidden, InvalidRequest, NotFound
from core.keys import Keyring
from db.postgres.cards import Cards
from db.postgres.comments import CommentStore
from db.postgres.likes import LikeStore
from db.postgres.media import MediaStore
from db.postgres.media_views import MediaViews
from db.postgres.posts import PostStore
from services.media_addresses import FileAddresses
from tests.stores.posting import crowd, picture, posted
from tests.stores.world import World


@pytest.fixture
def store(world: World) -> PostStore:
    files = FileAddresses(Keyring("a secret").keys("address of a file"), base="", valid_ms=60_000)
    return PostStore(world.pool, Cards(MediaViews(files, now_ms)))


@pytest.fixture
def comments(world: World) -> CommentStore:
    return CommentStore(world.pool, world.notifications.notify)


@pytest.fixture
def likes(world: World) -> LikeStore:
    return LikeStore(world.pool, world.notifications.notify)


async def friends(world: World, person: str, *others: str) -> None:
    for other in others:
        await world.befriended((person, other))


async def feed(store: PostStore, who: str, *, limit: int = 50) -> list[str]:
    """All pages of it, one after the other."""
    found: list[PostView] = []
    while page := await store.feed(who, before=found[-1].id if found else None, limit=limit, now=now_ms()):
        found += page
    return [post.id for post in found]


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
async def test_pages_of_the_feed_fit_together(world: World, store: PostStore, limit: int) -> None:
    """Newest first, each once, whoever has posted many or few, and whoever was chosen or not."""
    ana, ben, cem, dua, eve = [await world.person(f"P{n}") for n in range(5)]
    await friends(world, ana, ben, cem, dua)
    made = []
    turns = [ben, cem, ana, ben, ben, dua, ben, cem, ana, ben]
    for n, author in enumerate(turns):
        chosen = {"visibility": "selected", "audience": [ana]} if n % 3 == 0 and author != ana else {}
        made.append((await posted(world, author, at=now_ms() + n, **chosen)).id)  # type: ignore[arg-type]
    await friends(world, ben, eve)
    await posted(world, ben, visibility="selected", audience=[eve])
    await posted(world, eve, visibility="everyone")
    assert await feed(store, ana, limit=limit) == made[::-1]


async def test_a_picture_is_for_one_post(world: World, store: PostStore) -> None:
    """Of two at once one has it; others' pictures, and those for other things, are not found."""
    ana, ben = await world.person(), await world.person("Ben")
    media_id = await picture(world, ana)
    twice = await asyncio.gather(
        *(store.add(ana, NewPost(media_ids=[media_id]), None, now_ms()) for _ in range(2)),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in twice) == ["Conflict", "PostView"]
    waits = await picture(world, ana, state="processing")
    with pytest.raises(Conflict):
        await store.add(ana, NewPost(media_ids=[waits]), None, now_ms())
    for other in (await picture(world, ben), await picture(world, ana, purpose="photo")):
        with pytest.raises(NotFound):
            await store.add(ana, NewPost(media_ids=[other]), None, now_ms())
    assert len(await store.posts(ana, ana, before=None, limit=9, now=now_ms())) == 1


async def test_pictures_go_with_the_post(world: World, store: PostStore) -> None:
    """And those that a change leaves out; the others stay for good."""
    ana = await world.person()
    first, second, third = [await picture(world, ana) for _ in range(3)]
    post = await store.add(ana, NewPost(media_ids=[first, second]), None, now_ms())
    patched = await store.change(ana, post.id, PostPatch(media_ids=[third, first]), now_ms())
    assert [media.id for media in patched.media] == [third, first]
    media = MediaStore(world.pool)
    kept = [await media.find(one, now_ms() + DAY_MS * 30) is not None for one in (first, second, third)]
    assert kept == [True, False, True]
    await store.delete(ana, post.id, now_ms())
    assert await media.find(first, now_ms()) is None
    with pytest.raises(NotFound):
        await store.post(post.id, ana, staff=True, now=now_ms())


async def test_who_is_chosen_is_a_friend(world: World, store: PostStore) -> None:
    """Else nothing is posted; and who is not chosen any more sees it no longer."""
    ana, ben, eve = await world.person(), await world.person("Ben"), await world.person("Eve")
    await friends(world, ana, ben)
    with pytest.raises(InvalidRequest):
        await posted(world, ana, visibility="selected", audience=[ben, eve])
    assert await feed(store, ana) == []
    post = await posted(world, ana, visibility="selected", audience=[ben])
    assert post.audience == [ben]
    assert await feed(store, ben) == [post.id]
    for patch in (PostPatch(audience=[]), PostPatch(visibility="friends", audience=[ben])):
        with pytest.raises(InvalidRequest):
            await store.change(ana, post.id, patch, now_ms())
    changed = await store.change(ana, post.id, PostPatch(visibility="everyone", caption="All"), now_ms())
    assert (changed.visibility, changed.audience, changed.caption) == ("everyone", None, "All")
    for who in (ben, eve):
        assert (await store.post(post.id, who, staff=False, now=now_ms())).audience is None
        with pytest.raises(Forbidden):
            await store.delete(who, post.id, now_ms())
    with pytest.raises(InvalidRequest):
        await store.change(ana, post.id, PostPatch(visibility="selected"), now_ms())


async def counted(world: World, post_id: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """What the post says, and what there is."""
    row = await world.pool.fetchrow(
        "SELECT p.like_count, p.comment_count,"
        " (SELECT count(*) FROM social.post_likes l WHERE l.post_id = p.id) AS likes,"
        " (SELECT count(*) FROM social.comments c WHERE c.post_id = p.id AND c.deleted_at IS NULL) AS said"
        " FROM social.posts p WHERE p.id = $1",
        post_id,
    )
    return (row["like_count"], row["comment_count"]), (row["likes"], row["said"])


async def test_counts_are_those_of_the_rows(
    world: World, store: PostStore, likes: LikeStore, comments: CommentStore
) -> None:
    """Whatever people do at once, and when an account goes with all that it liked and said."""
    ana = await world.person()
    people = [await world.person(f"P{n}") for n in range(6)]
    post = await posted(world, ana, visibility="everyone")

    async def acts(who: str) -> None:
        await likes.like(who, post.id, now_ms())
        first, _ = await comments.add(who, post.id, NewComment(content="First!"), None, now_ms())
        await comments.add(who, post.id, NewComment(content="No.", reply_to=first.id), None, now_ms())
        if who in people[:2]:
            await likes.unlike(who, post.id, now_ms())
            await comments.delete(who, first.id, now_ms())

    await asyncio.gather(*(acts(who) for who in people for _ in range(2)), return_exceptions=False)
    said, there = await counted(world, post.id)
    assert said == there == (4, 16)
    mine, _ = await comments.add(people[2], post.id, NewComment(content="Mine"), None, now_ms())
    await comments.add(people[3], post.id, NewComment(content="Yours", reply_to=mine.id), None, now_ms())
    for table in ("post_likes", "comments"):
        who = "user_id" if table == "post_likes" else "author_id"
        act = "DELETE FROM" if table == "post_likes" else "UPDATE"
        sets = "" if table == "post_likes" else "SET content = NULL, deleted_at = now()"
        await world.pool.execute(f"{act} social.{table} {sets} WHERE {who} = $1", people[2])
    said, there = await counted(world, post.id)
    assert said == there == (3, 12)


async def test_a_thousand_like_it_at_once(world: World, likes: LikeStore) -> None:
    """And some of them at once no longer: each counts once, and its author is told in one notification."""
    ana, *people = await crowd(world, 1_001)
    post = await posted(world, ana, visibility="everyone")
    await asyncio.gather(*(likes.like(who, post.id, now_ms()) for who in people))
    assert await counted(world, post.id) == ((1_000, 0), (1_000, 0))
    fewer, same = people[:300], people[300:600]
    turned = [likes.unlike(who, post.id, now_ms()) for who in fewer for _ in range(2)]
    assert sum(await asyncio.gather(*turned)) == 300
    assert set(await asyncio.gather(*(likes.like(who, post.id, now_ms()) for who in same))) == {None}
    assert await counted(world, post.id) == ((700, 0), (700, 0))
    told = "SELECT count(*) FROM social.notifications WHERE user_id = $1"
    assert await world.pool.fetchval(told, ana) == 1


async def test_what_was_deleted_is_dropped_with_all_that_was_said_about_it(
    world: World, store: PostStore, likes: LikeStore, comments: CommentStore
) -> None:
    """A day later; of the others nothing."""
    ana, ben = await world.person(), await world.person("Ben")
    post, other = [await posted(world, ana, visibility="everyone") for _ in range(2)]
    for one in (post, other):
        await likes.like(ben, one.id, now_ms())
        said, _ = await comments.add(ben, one.id, NewComment(content="Hm"), None, now_ms())
        await comments.add(ana, one.id, NewComment(content="Well", reply_to=said.id), None, now_ms())
    await store.delete(ana, post.id, now_ms())
    await comments.delete(ben, said.id, now_ms())
    assert await store.forget(now_ms() - DAY_MS, limit=500) == 0
    while await store.forget(now_ms() + DAY_MS, limit=1):
        pass
    while await comments.forget(now_ms() + DAY_MS, limit=1):
        pass
    left = await world.pool.fetch("SELECT id FROM social.posts WHERE author_id = $1", ana)
    assert [row["id"] for row in left] == [other.id]
    assert await counted(world, other.id) == ((1, 0), (1, 0))
    assert await world.pool.fetchval("SELECT count(*) FROM social.comments WHERE post_id = $1", other.id) == 0
