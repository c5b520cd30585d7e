"""Posts and the feed. Decides nothing: `services.posts` does."""

from core.contract import posts as contract
from core.contract.posts import NewPost, PostPage, PostPatch, PostQuery, PostView
from core.wire.cursors import BY_ID
from core.wire.endpoint import ById
from core.wire.pages import PageQuery
from db.postgres.posts import PostStore
from rest.http.paging import page
from rest.http.request import Request
from services.posts import Posts


class PostHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, posts: Posts, store: PostStore) -> None:
        self._posts, self._store = posts, store

    async def feed(self, request: Request) -> PostPage:
        user_id = request.caller.user_id
        items, after = await page(
            request.asked(PageQuery),
            lambda before, limit: self._store.feed(
                user_id, before=before, limit=limit, now=request.now, server=request.address
            ),
            cursors=BY_ID,
            key=lambda post: post.id,
        )
        return PostPage(items=items, next_cursor=after)

    async def posts(self, request: Request) -> PostPage:
        query, viewer = request.asked(PostQuery), request.caller.user_id
        items, after = await page(
            query,
            lambda before, limit: self._store.posts(
                query.user_id or viewer,
                viewer,
                before=before,
                limit=limit,
                now=request.now,
                server=request.address,
            ),
            cursors=BY_ID,
            key=lambda post: post.id,
        )
        return PostPage(items=items, next_cursor=after)

    async def post(self, request: Request) -> PostView:
        viewer, staff = request.caller.user_id, request.staff
        return await self._store.post(
            request.at(ById).id, viewer, staff=staff, now=request.now, server=request.address
        )

    async def add_post(self, request: Request) -> PostView:
        new, by = request.sent(NewPost), request.caller.user_id
        return await self._posts.add(by, new, request.key, request.now, request.address)

    async def change_post(self, request: Request) -> PostView:
        patch, post_id = request.sent(PostPatch), request.at(ById).id
        by = request.caller.user_id
        return await self._posts.change(by, post_id, patch, request.now, request.address)

    async def delete_post(self, request: Request) -> None:
        await self._store.delete(request.caller.user_id, request.at(ById).id, request.now)
