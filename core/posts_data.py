"""The registry of personal data, continued: posts, what is said about them, and likes."""

from core.data_rules import OTHERS, YOURS, Emptied, Lasts, Table

POSTS: tuple[Table, ...] = (
    Table(
        "social.posts",
        "Your posts. Their pictures are in the folder `media`.",
        of="author_id = :user",
        file="posts",
        told="id media_ids=pictures caption visibility like_count=likes comment_count=comments created_at"
        " updated_at deleted_at",
        untold={YOURS: "author_id", OTHERS: "held_at passed_at"},
        erased=Emptied(
            sets="caption = NULL; deleted_at = coalesce(deleted_at, :now)",
            says="deleted, with all that was said about them",
        ),
        lasts=Lasts(
            days=1, since="they were deleted; with pictures that are evidence, as long as the report"
        ),
    ),
    Table(
        "social.post_audience",
        "For whom you have chosen your posts.",
        of="post_id IN (SELECT mine.id FROM social.posts mine WHERE mine.author_id = :user)",
        file="post_audience",
        told="post_id=post user_id=who",
        lasts="as long as the post",
    ),
    Table(
        "social.comments",
        "What you have said about posts.",
        of="author_id = :user",
        file="comments",
        told="id post_id=post reply_to=answer_to content created_at edited_at deleted_at",
        untold={YOURS: "author_id", OTHERS: "held_at passed_at"},
        erased=Emptied(
            sets="content = NULL; deleted_at = coalesce(deleted_at, :now)",
            says="deleted, with what was answered to it",
        ),
        lasts=Lasts(days=1, since="it was deleted"),
    ),
    Table(
        "social.post_likes",
        "Which posts you like.",
        file="likes",
        told="post_id=post created_at=since",
        lasts="as long as you like it",
    ),
)
