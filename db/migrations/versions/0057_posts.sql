-- Posts: pictures with a caption, for friends, chosen friends or everyone; what is said about them, and who likes them. There is no
-- feed but the query: nothing is copied to those who read.

CREATE TABLE social.posts (
    id uuid PRIMARY KEY,
    author_id uuid NOT NULL REFERENCES identity.users,
    -- In the order in which they are shown. Each is used for this post alone (`used_for` of the media).
    media_ids uuid[] NOT NULL CHECK (cardinality(media_ids) BETWEEN 1 AND 4),
    caption text,
    visibility text NOT NULL CHECK (visibility IN ('friends', 'selected', 'everyone')),
    -- Kept by triggers, in the transaction of whatever they count.
    like_count int NOT NULL DEFAULT 0 CHECK (like_count >= 0),
    comment_count int NOT NULL DEFAULT 0 CHECK (comment_count >= 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    -- Reported, or removed by a moderator: it is held back to its author and moderators.
    held_at timestamptz,
    -- Nobody sees it from then on. The row goes as soon as no evidence needs its pictures.
    deleted_at timestamptz
) WITH (fillfactor = 85);  -- counts change in place
CREATE INDEX posts_of_an_author ON social.posts (author_id, id);
-- What friends of its author see: the feed looks for the latest of each.
CREATE INDEX posts_for_friends ON social.posts (author_id, id)
    WHERE visibility <> 'selected' AND held_at IS NULL AND deleted_at IS NULL;
CREATE INDEX posts_to_drop ON social.posts (deleted_at) WHERE deleted_at IS NOT NULL;

-- The chosen friends.
CREATE TABLE social.post_audience (
    user_id uuid NOT NULL REFERENCES identity.users,
    post_id uuid NOT NULL REFERENCES social.posts,
    PRIMARY KEY (user_id, post_id)
);
CREATE INDEX audience_of_a_post ON social.post_audience (post_id, user_id);

CREATE TABLE social.post_likes (
    post_id uuid NOT NULL REFERENCES social.posts,
    user_id uuid NOT NULL REFERENCES identity.users,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (post_id, user_id)
);
CREATE INDEX likes_by_time ON social.post_likes (post_id, created_at, user_id);
CREATE INDEX likes_of_a_user ON social.post_likes (user_id);

CREATE TABLE social.comments (
    id uuid PRIMARY KEY,
    post_id uuid NOT NULL REFERENCES social.posts,
    author_id uuid NOT NULL REFERENCES identity.users,
    reply_to uuid,
    content text,
    created_at timestamptz NOT NULL,
    edited_at timestamptz,
    held_at timestamptz,
    deleted_at timestamptz,
    CONSTRAINT comment_of_a_post UNIQUE (id, post_id),
    CONSTRAINT answers_on_the_same_post FOREIGN KEY (reply_to, post_id) REFERENCES social.comments (id, post_id),
    CONSTRAINT words_until_deleted CHECK ((content IS NULL) = (deleted_at IS NOT NULL))
);
CREATE INDEX comments_of_a_post ON social.comments (post_id, id);
CREATE INDEX comments_of_a_user ON social.comments (author_id);
CREATE INDEX answers_to_a_comment ON social.comments (reply_to) WHERE reply_to IS NOT NULL;
CREATE INDEX comments_to_drop ON social.comments (deleted_at) WHERE deleted_at IS NOT NULL;

-- Who sees what is one rule; `core/post_visibility.py` says it in Python, and a test holds the two together. Relations, as
-- `identity.visible_to`: Postgres sets them into the query.
CREATE FUNCTION social.posts_meant_for(viewer uuid, at timestamptz) RETURNS TABLE (post_id uuid) LANGUAGE sql STABLE BEGIN ATOMIC
    SELECT p.id FROM social.posts p
    WHERE p.deleted_at IS NULL AND (
        p.author_id = viewer
        OR EXISTS (SELECT FROM identity.visible_to(viewer, at) seen WHERE seen.user_id = p.author_id) AND (
            p.visibility = 'everyone'
            OR EXISTS (
                SELECT FROM social.friendships f
                WHERE f.user_a = least(viewer, p.author_id) AND f.user_b = greatest(viewer, p.author_id) AND f.ended_at IS NULL
            ) AND (
                p.visibility = 'friends'
                OR EXISTS (SELECT FROM social.post_audience a WHERE a.user_id = viewer AND a.post_id = p.id)
            )
        )
    );
END;
COMMENT ON FUNCTION social.posts_meant_for IS
'Posts whose author lets the viewer see them at this time: visible to the viewer, and for everyone, for friends, or for chosen
friends of whom the viewer is one and is a friend still.';

CREATE FUNCTION social.posts_shown_to(viewer uuid, at timestamptz) RETURNS TABLE (post_id uuid) LANGUAGE sql STABLE BEGIN ATOMIC
    SELECT p.id FROM social.posts p
    WHERE (p.held_at IS NULL OR p.author_id = viewer)
        AND EXISTS (SELECT FROM social.posts_meant_for(viewer, at) meant WHERE meant.post_id = p.id);
END;
COMMENT ON FUNCTION social.posts_shown_to IS 'Those of them that the viewer sees: what is held back is its author''s alone.';

CREATE FUNCTION social.comments_shown_to(viewer uuid, at timestamptz) RETURNS TABLE (comment_id uuid) LANGUAGE sql STABLE BEGIN ATOMIC
    SELECT c.id FROM social.comments c
    LEFT JOIN social.comments answered ON answered.id = c.reply_to
    WHERE c.deleted_at IS NULL
        AND (c.author_id = viewer OR c.held_at IS NULL AND EXISTS (
            SELECT FROM identity.visible_to(viewer, at) seen WHERE seen.user_id = c.author_id
        ))
        AND (answered.id IS NULL OR answered.author_id = viewer OR answered.held_at IS NULL AND EXISTS (
            SELECT FROM identity.visible_to(viewer, at) seen WHERE seen.user_id = answered.author_id
        ));
END;
COMMENT ON FUNCTION social.comments_shown_to IS
'Comments that the viewer sees on posts that they see: visible is who has said it, and who has said what it answers.';

-- Counts are those of the rows, whoever adds or takes some. Posts are locked in the order of their ids.
CREATE FUNCTION social.count_on_posts(changes jsonb, what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM social.posts p WHERE p.id IN (SELECT key::uuid FROM jsonb_each(changes)) ORDER BY p.id FOR NO KEY UPDATE;
    IF what = 'likes' THEN
        UPDATE social.posts p SET like_count = p.like_count + c.value::int FROM jsonb_each_text(changes) c WHERE p.id = c.key::uuid;
    ELSE
        UPDATE social.posts p SET comment_count = p.comment_count + c.value::int FROM jsonb_each_text(changes) c WHERE p.id = c.key::uuid;
    END IF;
END $$;

CREATE FUNCTION social.count_likes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE changes jsonb;
BEGIN
    SELECT jsonb_object_agg(post_id, n) INTO changes
    FROM (SELECT post_id, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END AS n FROM changed GROUP BY post_id) c;
    IF changes IS NOT NULL THEN
        PERFORM social.count_on_posts(changes, 'likes');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER likes_are_counted AFTER INSERT ON social.post_likes
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION social.count_likes();
CREATE TRIGGER likes_are_uncounted AFTER DELETE ON social.post_likes
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION social.count_likes();

CREATE FUNCTION social.count_comments() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE changes jsonb;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(post_id, n) INTO changes FROM (
            SELECT c.post_id, sum((c.deleted_at IS NULL)::int - (b.deleted_at IS NULL)::int) AS n
            FROM changed c JOIN before b ON b.id = c.id GROUP BY c.post_id
        ) c WHERE n <> 0;
    ELSE
        SELECT jsonb_object_agg(post_id, n) INTO changes FROM (
            SELECT post_id, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END AS n
            FROM changed WHERE deleted_at IS NULL GROUP BY post_id
        ) c;
    END IF;
    IF changes IS NOT NULL THEN
        PERFORM social.count_on_posts(changes, 'comments');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER comments_are_counted AFTER INSERT ON social.comments
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION social.count_comments();
CREATE TRIGGER comments_are_recounted AFTER UPDATE ON social.comments
    REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION social.count_comments();
CREATE TRIGGER comments_are_uncounted AFTER DELETE ON social.comments
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION social.count_comments();

-- Answers go with what they answer, also when that goes with its author's account.
CREATE FUNCTION social.answers_go() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE social.comments SET content = NULL, deleted_at = NEW.deleted_at WHERE reply_to = NEW.id AND deleted_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER answers_go_with_the_comment AFTER UPDATE OF deleted_at ON social.comments
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL AND NEW.reply_to IS NULL)
    EXECUTE FUNCTION social.answers_go();
