-- What moderators say of media that strangers see: who has decided, when, why it was removed (null: it was passed), and a note for
-- other moderators. `resembles`: the removed picture that it looks like; then it waits for a moderator, and for no scan.
ALTER TABLE social.media
    ADD COLUMN decided_by uuid REFERENCES identity.users,
    ADD COLUMN decided_at timestamptz,
    ADD COLUMN fault text,
    ADD COLUMN note text,
    ADD COLUMN resembles uuid,
    ADD CONSTRAINT decided_by_somebody CHECK ((decided_by IS NULL) = (decided_at IS NULL)),
    ADD CONSTRAINT removed_by_somebody CHECK (fault IS NULL OR (decided_at IS NOT NULL AND state = 'refused'));

-- What a moderator has to look at: the condition is `waits` in `db/postgres/media_review.sql`.
CREATE INDEX media_to_review ON social.media (id)
WHERE decided_at IS NULL AND stored AND used_at IS NOT NULL AND purpose IN ('photo', 'post', 'place')
    AND ((state = 'processing' AND scan_at IS NULL) OR (state = 'ready' AND scans = 0));
