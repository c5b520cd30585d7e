-- What only evidence of a report keeps is gone to whoever uploaded it: else they would know by it that they were reported.

-- Whether what showed this media is deleted, changed or forgotten. Without evidence it would be gone as well.
CREATE FUNCTION social.is_gone(media uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM social.media m
        WHERE m.id = media AND m.used_at IS NOT NULL AND (
            m.purpose = 'chat' AND NOT communication.is_shown(m.id)
            OR m.purpose = 'post' AND NOT EXISTS (
                SELECT FROM social.posts p WHERE p.id = m.used_for AND p.deleted_at IS NULL AND m.id = ANY (p.media_ids)
            )
        )
    );
END $$;

-- As before (0068_messages.sql), but for what is gone.
CREATE OR REPLACE FUNCTION communication.may_be_sent(media uuid, sender uuid, kind text, at timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM social.media m
        WHERE m.id = media AND m.owner_id = sender AND m.purpose = 'chat' AND m.state = 'ready' AND m.stored
            AND (m.expires_at IS NULL OR m.expires_at > at)
            AND (kind = 'file' OR m.type = CASE kind WHEN 'voice' THEN 'audio' ELSE kind END)
            AND NOT social.is_gone(m.id)
    );
END $$;
