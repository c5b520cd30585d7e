-- Groups: rooms of up to some hundred members, with a name, roles and invitations. What is said in them, and who comes and goes,
-- counts in the `seq` of the room.

-- All tables at once or none, so that nobody who has one of them waits for another one meanwhile.
DO $$
BEGIN
    FOR attempt IN 1 .. 500 LOOP
        BEGIN
            LOCK TABLE communication.messages, communication.members, communication.rooms, identity.users
                IN ACCESS EXCLUSIVE MODE NOWAIT;
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pg_sleep(0.02);
        END;
    END LOOP;
END $$;

-- What has happened is a message of the type `system`, of nobody: to whom (`about_id`), and by whom (`by_id`).
ALTER TABLE communication.messages
    ADD COLUMN system text CHECK (char_length(system) BETWEEN 1 AND 30),
    ADD COLUMN about_id uuid,
    ADD COLUMN by_id uuid,
    ADD CONSTRAINT what_the_system_says CHECK (system IS NULL OR type = 'system');

-- Who has been removed by somebody else does not come back by an invitation.
ALTER TABLE communication.members
    ADD COLUMN joined_at timestamptz,
    ADD COLUMN left_by uuid,
    ADD CONSTRAINT left_before_by CHECK (left_by IS NULL OR left_at IS NOT NULL);

CREATE TABLE communication.groups (
    id uuid PRIMARY KEY,
    room_id uuid NOT NULL REFERENCES communication.rooms,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    description text CHECK (char_length(description) BETWEEN 1 AND 1000),
    photo_id uuid,
    history text NOT NULL CHECK (history IN ('from_joining', 'all')),
    created_at timestamptz NOT NULL,
    CONSTRAINT one_group_a_room UNIQUE (room_id)
);
COMMENT ON COLUMN communication.groups.history IS 'What newcomers read: from their joining on, or everything.';

-- What its code is can be told by who has the keys of the server alone: nothing of it is kept.
CREATE TABLE communication.invitations (
    id uuid PRIMARY KEY,
    group_id uuid NOT NULL REFERENCES communication.groups,
    made_by uuid NOT NULL REFERENCES identity.users,
    uses_left int CHECK (uses_left >= 0),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL
);
COMMENT ON COLUMN communication.invitations.uses_left IS 'Null: as many as come.';
CREATE INDEX invitations_of_a_group ON communication.invitations (group_id, id);
CREATE INDEX invitations_that_have_expired ON communication.invitations (expires_at);
CREATE INDEX invitations_of_a_user ON communication.invitations (made_by);

-- An id as the application makes them (UUIDv7).
CREATE FUNCTION communication.new_id(at timestamptz) RETURNS uuid LANGUAGE sql AS $$
    SELECT encode(
        set_bit(set_bit(
            substring(int8send((extract(epoch FROM at) * 1000)::bigint) FROM 3) || substring(uuid_send(gen_random_uuid()) FROM 7),
            52, 1
        ), 53, 1), 'hex'
    )::uuid
$$;

-- Those of whom a reader sees nothing in a room: between them and the reader is a block, whoever has blocked. In a room of two
-- there is none: a block ends it, and it stays readable. By a join all members would be looked at, for
-- nobody. They are functions of plpgsql, so that a statement about a room of two does not make itself ready to ask.
CREATE FUNCTION communication.avoided(room uuid, reader uuid) RETURNS uuid[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN ARRAY(
        SELECT b.other FROM identity.blocked_pairs b
        WHERE b.one = reader
            AND (SELECT true FROM communication.members m WHERE m.room_id = room AND m.user_id = b.other)
    );
END $$;
CREATE FUNCTION communication.is_avoided(room uuid, sender uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM identity.blocked_pairs b
        WHERE b.one = sender AND (
            SELECT true FROM communication.members m
            WHERE m.room_id = room AND m.user_id = b.other AND m.left_at IS NULL
        )
    );
END $$;
-- The same as `avoided`, for the user for whom app_user acts, who does not see others' blocks.
CREATE FUNCTION communication.avoided_by_me(room uuid) RETURNS uuid[] LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path TO 'pg_catalog', 'pg_temp'
AS $$
BEGIN
    RETURN CASE WHEN (SELECT r.kind FROM communication.rooms r WHERE r.id = room) = 'group'
        THEN communication.avoided(room, identity.me()) ELSE '{}' END;
END $$;
REVOKE ALL ON FUNCTION communication.avoided_by_me FROM PUBLIC;
GRANT EXECUTE ON FUNCTION communication.avoided_by_me TO app_user;

-- It has happened in a room, which the caller has locked; and whoever is or was concerned is told of the room as it is then.
CREATE FUNCTION communication.note(room uuid, what text, about uuid, by uuid, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    message uuid := communication.new_id(at);
    seq bigint;
    news bigint;
BEGIN
    UPDATE communication.rooms r SET last_seq = r.last_seq + 1, last_news = r.last_news + 2 WHERE r.id = room
    RETURNING r.last_seq, r.last_news INTO seq, news;
    INSERT INTO communication.messages (id, room_id, seq, type, created_at, system, about_id, by_id)
    VALUES (message, room, seq, 'system', at, what, about, by);
    -- Who has done it has read it, if they had read what came before.
    UPDATE communication.members m SET read_seq = seq, delivered_seq = greatest(m.delivered_seq, seq)
    WHERE m.room_id = room AND m.user_id = coalesce(by, about) AND m.left_at IS NULL AND m.read_seq = seq - 1
        AND (what <> 'owner' OR by IS NOT NULL);
    INSERT INTO communication.outbox (lane, number, event, subject)
    VALUES (room, news - 1, 'chat:message', message), (room, news, 'room:changed', message);
END $$;

-- The same of what nobody has to read later, as a role: the subject is the room itself.
CREATE FUNCTION communication.note_change(room uuid) RETURNS void LANGUAGE sql AS $$
    WITH counted AS (
        UPDATE communication.rooms r SET last_news = r.last_news + 1 WHERE r.id = room RETURNING r.id, r.last_news
    )
    INSERT INTO communication.outbox (lane, number, event, subject) SELECT id, last_news, 'room:changed', id FROM counted
$$;

-- A member leaves a group, or is removed `by` somebody else; null: their account is gone. What they have invited by invites nobody any
-- more. Without its owner a group has the admin, or else the member, who has been there for longest; without anybody it ends.
CREATE FUNCTION communication.leave(room uuid, who uuid, by uuid, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    was text;
    heir uuid;
BEGIN
    PERFORM FROM communication.rooms r WHERE r.id = room FOR NO KEY UPDATE;
    SELECT m.role INTO was FROM communication.members m WHERE m.room_id = room AND m.user_id = who AND m.left_at IS NULL;
    IF was IS NULL THEN
        RETURN;
    END IF;
    UPDATE communication.members m SET left_at = at, left_by = by, role = 'member' WHERE m.room_id = room AND m.user_id = who;
    UPDATE communication.invitations i SET revoked_at = at FROM communication.groups g
    WHERE g.room_id = room AND i.group_id = g.id AND i.made_by = who AND i.revoked_at IS NULL;
    PERFORM communication.note(room, CASE WHEN by IS NULL OR by = who THEN 'left' ELSE 'removed' END, who, by, at);
    IF was <> 'owner' THEN
        RETURN;
    END IF;
    SELECT m.user_id INTO heir FROM communication.members m
    WHERE m.room_id = room AND m.left_at IS NULL
    ORDER BY m.role = 'admin' DESC, m.joined_at, m.user_id LIMIT 1;
    IF heir IS NULL THEN
        UPDATE communication.rooms r SET ended_at = at WHERE r.id = room;
    ELSE
        UPDATE communication.members m SET role = 'owner' WHERE m.room_id = room AND m.user_id = heir;
        PERFORM communication.note(room, 'owner', heir, NULL, at);
    END IF;
END $$;

-- Whose account is erased leaves all groups.
CREATE FUNCTION communication.leave_with_the_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM communication.leave(m.room_id, m.user_id, NULL, NEW.deleted_at)
    FROM (
        SELECT own.room_id, own.user_id FROM communication.members own
        JOIN communication.rooms r ON r.id = own.room_id AND r.kind = 'group'
        WHERE own.user_id = NEW.id AND own.left_at IS NULL
        ORDER BY own.room_id
    ) m;
    RETURN NULL;
END $$;
CREATE TRIGGER groups_are_left_with_the_account AFTER UPDATE OF deleted_at ON identity.users
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL)
    EXECUTE FUNCTION communication.leave_with_the_account();

-- Who is told in a group how far a member has read: nobody else in one of more than 50.
CREATE FUNCTION communication.told_of_reading(room uuid, reader uuid) RETURNS uuid[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    unheard uuid[] := communication.avoided(room, reader);
BEGIN
    IF (
        SELECT count(*) FROM (SELECT FROM communication.members m WHERE m.room_id = room AND m.left_at IS NULL LIMIT 51) few
    ) > 50 THEN
        RETURN ARRAY[reader];
    END IF;
    RETURN ARRAY(
        SELECT m.user_id FROM communication.members m
        WHERE m.room_id = room AND m.left_at IS NULL AND (
            m.user_id = reader OR m.user_id <> ALL (unheard) AND NOT EXISTS (
                SELECT FROM identity.settings s WHERE s.user_id = m.user_id AND s.read_receipts IS FALSE
            )
        )
        ORDER BY m.user_id
    );
END $$;

-- As 0031 and 0048 made them; but that in a group in which somebody avoids the sender, or is avoided, no members are named: they are not
-- told the same, and whoever announces it reads who is told what.
CREATE OR REPLACE FUNCTION communication.say(
    ids uuid[], room_ids uuid[], sender_ids uuid[], client_ids text[], types text[], contents text[], replies_to uuid[],
    times timestamptz[]
) RETURNS TABLE (n bigint, seq bigint, number bigint, members uuid[])
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM communication.rooms r WHERE r.id = ANY (room_ids) ORDER BY r.id FOR NO KEY UPDATE;

    RETURN QUERY
    WITH draft AS (
        SELECT d.*, r.kind, r.last_seq, r.last_news, row_number() OVER (PARTITION BY d.room_id ORDER BY d.n) AS nth
        FROM unnest(ids, room_ids, sender_ids, client_ids, types, contents, replies_to, times)
            WITH ORDINALITY AS d (id, room_id, sender_id, client_id, type, content, reply_to, created_at, n)
        JOIN communication.members m ON m.room_id = d.room_id AND m.user_id = d.sender_id AND m.left_at IS NULL
        JOIN communication.rooms r ON r.id = d.room_id AND r.ended_at IS NULL
        WHERE (d.reply_to IS NULL OR d.room_id = (SELECT t.room_id FROM communication.messages t WHERE t.id = d.reply_to))
            AND NOT EXISTS (
                SELECT FROM communication.messages s
                WHERE s.sender_id = d.sender_id AND s.client_id = d.client_id
                    AND s.room_id IS NOT DISTINCT FROM d.room_id  -- no equality, for which there is another index
            )
    ), said AS (
        INSERT INTO communication.messages (id, room_id, seq, sender_id, client_id, type, content, reply_to, created_at)
        SELECT id, room_id, last_seq + nth, sender_id, client_id, type, content, reply_to, created_at FROM draft
    ), noted AS (
        INSERT INTO communication.outbox (lane, number, event, subject)
        SELECT room_id, last_news + nth, 'chat:message', id FROM draft
    ), counted AS (
        UPDATE communication.rooms r SET last_seq = r.last_seq + more.messages, last_news = r.last_news + more.messages
        FROM (SELECT room_id, count(*) AS messages FROM draft GROUP BY room_id) more
        WHERE r.id = more.room_id
    )
    SELECT
        draft.n, last_seq + nth, last_news + nth,
        CASE WHEN kind = 'direct' OR NOT communication.is_avoided(room_id, sender_id) THEN ARRAY(
            SELECT m.user_id FROM communication.members m
            WHERE m.room_id = draft.room_id AND m.left_at IS NULL ORDER BY m.user_id
        ) ELSE '{}' END
    FROM draft;
END $$;

CREATE OR REPLACE FUNCTION communication.say_one(
    id uuid, room uuid, sender uuid, client text, type text, content text, reply uuid, at timestamptz
) RETURNS TABLE (n bigint, seq bigint, number bigint, members uuid[])
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM communication.rooms r WHERE r.id = room FOR NO KEY UPDATE;

    RETURN QUERY
    WITH counted AS (
        UPDATE communication.rooms r SET last_seq = r.last_seq + 1, last_news = r.last_news + 1
        WHERE r.id = room AND r.ended_at IS NULL
            AND EXISTS (
                SELECT FROM communication.members m WHERE m.room_id = room AND m.user_id = sender AND m.left_at IS NULL
            )
            AND (reply IS NULL OR room = (SELECT t.room_id FROM communication.messages t WHERE t.id = reply))
            AND NOT EXISTS (
                SELECT FROM communication.messages s
                WHERE s.sender_id = sender AND s.client_id = client
                    AND s.room_id IS NOT DISTINCT FROM room  -- no equality, for which there is another index
            )
        RETURNING r.kind, r.last_seq, r.last_news
    ), said AS (
        INSERT INTO communication.messages (id, room_id, seq, sender_id, client_id, type, content, reply_to, created_at)
        SELECT say_one.id, room, last_seq, sender, client, say_one.type, say_one.content, reply, at FROM counted
    ), noted AS (
        INSERT INTO communication.outbox (lane, number, event, subject)
        SELECT room, last_news, 'chat:message', say_one.id FROM counted
    )
    SELECT
        1::bigint, last_seq, last_news,
        CASE WHEN kind = 'direct' OR NOT communication.is_avoided(room, sender) THEN ARRAY(
            SELECT m.user_id FROM communication.members m WHERE m.room_id = room AND m.left_at IS NULL ORDER BY m.user_id
        ) ELSE '{}' END
    FROM counted;
END $$;

-- As 0042 made it, but for groups: of more than 50 no receipts are told, nor to somebody who avoids the reader.
CREATE OR REPLACE FUNCTION communication.read(room_ids uuid[], user_ids uuid[], seqs bigint[], times timestamptz[])
RETURNS TABLE (n bigint, read_seq bigint, delivered_seq bigint, members uuid[])
LANGUAGE plpgsql SET plan_cache_mode TO 'force_generic_plan' SET enable_seqscan TO 'off' AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM unnest(room_ids, user_ids) AS asked (room_id, user_id)
    JOIN communication.members m ON m.room_id = asked.room_id AND m.user_id = asked.user_id
    ORDER BY m.room_id, m.user_id
    FOR NO KEY UPDATE OF m;

    RETURN QUERY
    WITH reader AS (
        SELECT
            asked.n, m.room_id, m.user_id, m.read_seq, m.delivered_seq, least(asked.seq, r.last_seq) AS seq, asked.at,
            r.ended_at IS NULL AS active, r.kind, EXISTS (
                SELECT FROM identity.settings s WHERE s.user_id = m.user_id AND s.read_receipts IS FALSE
            ) AS quiet
        FROM unnest(room_ids, user_ids, seqs, times) WITH ORDINALITY AS asked (room_id, user_id, seq, at, n)
        JOIN communication.members m ON m.room_id = asked.room_id AND m.user_id = asked.user_id AND m.left_at IS NULL
        JOIN communication.rooms r ON r.id = asked.room_id
    ), moved AS (
        UPDATE communication.members m
        SET read_seq = reader.seq, delivered_seq = greatest(m.delivered_seq, reader.seq)
        FROM reader
        WHERE m.room_id = reader.room_id AND m.user_id = reader.user_id AND reader.seq > reader.read_seq
    ), noted AS (
        INSERT INTO communication.reads (room_id, user_id, after_seq, seq, at)
        SELECT room_id, user_id, read_seq, seq, at FROM reader WHERE seq > read_seq AND NOT quiet
    )
    SELECT
        reader.n, greatest(reader.read_seq, reader.seq), greatest(reader.delivered_seq, reader.seq),
        CASE WHEN kind = 'group' AND active AND NOT quiet THEN communication.told_of_reading(room_id, user_id) ELSE ARRAY(
            SELECT m.user_id FROM communication.members m
            WHERE m.room_id = reader.room_id AND m.left_at IS NULL AND (
                m.user_id = reader.user_id OR reader.active AND NOT reader.quiet AND NOT EXISTS (
                    SELECT FROM identity.settings s WHERE s.user_id = m.user_id AND s.read_receipts IS FALSE
                )
            )
            ORDER BY m.user_id
        ) END
    FROM reader;
END $$;

-- Whoever changes their profile lets go of its pictures, and not of one that a group shows.
GRANT SELECT (used_for) ON social.media TO app_user;
