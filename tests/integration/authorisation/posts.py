"""How the endpoints of posts are asked: of the owner's, which are for everyone, and for friends."""

from collections.abc import Mapping
from typing import Any

from core.vocabulary import PostVisibility
from tests.integration.authorisation.asked import Asked, Way
from tests.integration.authorisation.people import Caller, Scene
from tests.stores.posting import picture, posted, said


def _post(visibility: PostVisibility = "everyone", **body: Any) -> Way:
    async def way(scene: Scene, _caller: Caller) -> Asked:
        made = await posted(scene.world, scene.owner.id, visibility=visibility)
        return Asked(path={"id": made.id}, sent={"json": body} if body else {})

    return way


def _comment(**body: Any) -> Way:
    """By the owner, on a post of theirs."""

    async def way(scene: Scene, _caller: Caller) -> Asked:
        made = await said(scene.world, scene.owner.id)
        return Asked(path={"id": made}, sent={"json": body} if body else {})

    return way


async def _new_post(scene: Scene, caller: Caller) -> Asked:
    """Of a picture of their own."""
    owner = caller.id if caller.person else scene.owner.id
    return Asked(sent={"json": {"media_ids": [await picture(scene.world, owner)]}})


POSTS: Mapping[str, Way] = {
    "post: for everyone": _post(),
    "post: for friends": _post("friends"),
    "add_post": _new_post,
    "change_post": _post(caption="New"),
    "delete_post": _post(),
    "comments": _post(),
    "add_comment": _post(content="Hm"),
    "change_comment": _comment(content="New"),
    "delete_comment": _comment(),
    "like": _post(),
    "unlike": _post(),
    "likes": _post(),
}
