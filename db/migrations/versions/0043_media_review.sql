-- Nodes are at work meanwhile, and the files that follow change more tables in the same transaction. All of them at once or none, so that
-- nobody who has one of them waits for another one meanwhile.
DO $$
BEGIN
    FOR attempt IN 1 .. 500 LOOP
        BEGIN
            LOCK TABLE identity.users, identity.profiles, identity.settings, identity.former_usernames, identity.user_values,
                identity.consents, identity.activity, identity.logins, identity.devices, identity.sessions,
                identity.refresh_tokens, identity.one_time_codes, identity.totp, identity.exports, identity.erasures,
                social.media, social.notifications, social.notification_lanes, social.notification_outbox, social.contacts,
                communication.messages, communication.members, interaction.reports, safety.appeals, safety.cases,
                safety.known_marks IN ACCESS EXCLUSIVE MODE NOWAIT;
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pg_sleep(0.02);
        END;
    END LOOP;
END $$;

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
