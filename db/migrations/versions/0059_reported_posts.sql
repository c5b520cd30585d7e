-- A post or comment that is reported is held back until a moderator has decided; and for good where it was found fault with.

ALTER TABLE social.posts ADD COLUMN passed_at timestamptz;
ALTER TABLE social.comments ADD COLUMN passed_at timestamptz;
COMMENT ON COLUMN social.posts.passed_at IS
'When a moderator found nothing wrong with it: until it is changed, another report does not hold it back again.';
COMMENT ON COLUMN social.comments.passed_at IS 'As of posts.';

CREATE INDEX reports_of_what_was_posted ON interaction.reports (subject_id) WHERE subject_type IN ('post', 'comment');
CREATE INDEX media_of_a_post ON social.media (used_for) WHERE purpose = 'post';

CREATE FUNCTION social.hold_or_show(subject text, subject_id uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE stands boolean := EXISTS (
    SELECT FROM interaction.reports r
    WHERE r.subject_id = hold_or_show.subject_id AND r.subject_type IN ('post', 'comment') AND r.status <> 'dismissed'
);
BEGIN
    IF subject = 'post' THEN
        UPDATE social.posts p SET held_at = CASE
            WHEN stands AND p.passed_at IS NULL OR EXISTS (
                SELECT FROM social.media m WHERE m.id = ANY (p.media_ids) AND m.state <> 'ready'
            ) THEN coalesce(p.held_at, now())
        END
        WHERE p.id = hold_or_show.subject_id;
    ELSE
        UPDATE social.comments c SET held_at = CASE WHEN stands AND c.passed_at IS NULL THEN coalesce(c.held_at, now()) END
        WHERE c.id = hold_or_show.subject_id;
    END IF;
END $$;
COMMENT ON FUNCTION social.hold_or_show IS
'Hold back a post or comment of which a report stands, unless it was passed, or with a picture that is not ready; show any other.';

CREATE FUNCTION social.hold_reported() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        -- Dismissed with all others, it is passed; decided against, or to be decided again, it is not.
        UPDATE social.posts p SET passed_at = CASE WHEN NEW.status = 'dismissed' THEN now() END
        WHERE NEW.subject_type = 'post' AND p.id = NEW.subject_id;
        UPDATE social.comments c SET passed_at = CASE WHEN NEW.status = 'dismissed' THEN now() END
        WHERE NEW.subject_type = 'comment' AND c.id = NEW.subject_id;
    END IF;
    PERFORM social.hold_or_show(NEW.subject_type, NEW.subject_id);
    RETURN NULL;
END $$;
CREATE TRIGGER reported_is_held AFTER INSERT ON interaction.reports
    FOR EACH ROW WHEN (NEW.subject_type IN ('post', 'comment')) EXECUTE FUNCTION social.hold_reported();
CREATE TRIGGER decided_is_held_or_shown AFTER UPDATE OF status ON interaction.reports
    FOR EACH ROW WHEN (NEW.subject_type IN ('post', 'comment') AND NEW.status <> OLD.status) EXECUTE FUNCTION social.hold_reported();

-- So is a post with a picture that a moderator has removed.
CREATE FUNCTION social.hold_with_picture() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM social.hold_or_show('post', NEW.used_for);
    RETURN NULL;
END $$;
CREATE TRIGGER held_with_its_picture AFTER UPDATE OF state ON social.media
    FOR EACH ROW WHEN (NEW.purpose = 'post' AND NEW.used_for IS NOT NULL AND NEW.state <> OLD.state)
    EXECUTE FUNCTION social.hold_with_picture();
