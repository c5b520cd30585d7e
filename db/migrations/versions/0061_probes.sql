-- Synthetic users, who try the whole way from sign-in to chat. There are two of them, or none.
ALTER TABLE identity.users ADD COLUMN probe boolean NOT NULL DEFAULT false;
CREATE INDEX probes ON identity.users (id) WHERE probe;

-- As before, and: probes and people do not see each other. To nobody in particular there are people alone.
CREATE OR REPLACE FUNCTION identity.visible_to(viewer uuid, at timestamptz) RETURNS TABLE (user_id uuid) LANGUAGE sql STABLE BEGIN ATOMIC
    SELECT u.id FROM identity.users u
    WHERE u.deleted_at IS NULL
        AND NOT EXISTS (SELECT FROM identity.banned(at) b WHERE b.user_id = u.id)
        AND NOT EXISTS (SELECT FROM identity.blocked_pairs p WHERE p.one = viewer AND p.other = u.id)
        AND u.probe = coalesce((SELECT v.probe FROM identity.users v WHERE v.id = viewer), false);
END;
