-- What this server keeps in PostgreSQL, in a schema of its own; accounts, sessions and bans are the product's.
-- Its rooms know themselves that they are closed, so that one row is locked for a message where the product's tables,
-- which serve more, have two. Otherwise the constraints and indexes are those of `communication`.
CREATE SCHEMA node;

CREATE TABLE node.rooms (
    id uuid PRIMARY KEY,
    last_seq bigint DEFAULT 0 NOT NULL CHECK (last_seq >= 0),
    closed_at timestamptz,
    created_at timestamptz NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE node.members (
    room_id uuid NOT NULL REFERENCES node.rooms (id),
    user_id uuid NOT NULL REFERENCES identity.users (id),
    read_seq bigint DEFAULT 0 NOT NULL,
    delivered_seq bigint DEFAULT 0 NOT NULL,
    PRIMARY KEY (room_id, user_id),
    CHECK (0 <= read_seq AND read_seq <= delivered_seq)
);
CREATE INDEX rooms_of_a_user ON node.members (user_id, room_id);

-- Messages are all that the product's are, and are found by their words as those are, though nobody asks this server for that:
-- what is kept for it costs each message the same. Room and sender are members, which refer to both.
CREATE TABLE node.messages (
    id uuid PRIMARY KEY,
    room_id uuid NOT NULL,
    seq bigint NOT NULL CHECK (seq > 0),
    sender_id uuid,
    client_id text CHECK (char_length(client_id) BETWEEN 1 AND 100),
    type text NOT NULL CHECK (type = ANY (ARRAY['text', 'image', 'video', 'voice', 'file', 'system'])),
    content text,
    reply_to uuid REFERENCES node.messages (id),
    created_at timestamptz NOT NULL,
    edited_at timestamptz,
    deleted_at timestamptz,
    system text CHECK (char_length(system) BETWEEN 1 AND 30),
    about_id uuid,
    by_id uuid,
    media_id uuid,
    CONSTRAINT one_message_a_client_id UNIQUE (sender_id, client_id, room_id),
    CONSTRAINT one_message_a_seq UNIQUE (room_id, seq),
    CHECK (media_id IS NULL OR type NOT IN ('text', 'system')),
    CHECK ((type = 'system') = (sender_id IS NULL) AND (sender_id IS NULL) = (client_id IS NULL)),
    CHECK (type <> 'text' OR content IS NOT NULL OR deleted_at IS NOT NULL),
    CHECK (system IS NULL OR type = 'system')
);
CREATE INDEX messages_with_a_media ON node.messages (media_id) WHERE media_id IS NOT NULL;
CREATE INDEX messages_by_words ON node.messages USING gin (communication.indexed(room_id, seq, content))
    WITH (gin_pending_list_limit = 64) WHERE content IS NOT NULL AND type <> 'system';

-- What is stored and not announced yet.
CREATE TABLE node.outbox (
    room_id uuid NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (room_id, seq)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE TABLE node.blocks (
    blocker_id uuid NOT NULL REFERENCES identity.users (id),
    blocked_id uuid NOT NULL REFERENCES identity.users (id),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (blocker_id, blocked_id)
);
CREATE INDEX blockers_of_a_user ON node.blocks (blocked_id, blocker_id);

CREATE TABLE node.calls (
    id uuid PRIMARY KEY,
    mode text NOT NULL CHECK (mode IN ('voice', 'video')),
    offered_at timestamptz NOT NULL,
    started_at timestamptz,
    ended_at timestamptz,
    end_reason text,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);

-- The fence: nobody is in two calls, whatever Redis forgets. Also who met whom, and through whom a match failed.
CREATE TABLE node.participants (
    call_id uuid NOT NULL REFERENCES node.calls (id),
    user_id uuid NOT NULL REFERENCES identity.users (id),
    active boolean NOT NULL,
    fault_at timestamptz,
    PRIMARY KEY (call_id, user_id)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX one_call_a_user ON node.participants (user_id) WHERE active;
CREATE INDEX calls_of_a_user ON node.participants (user_id, call_id);

-- Why these two: kept for a while, for those who look into a match.
CREATE TABLE node.decisions (
    call_id uuid PRIMARY KEY REFERENCES node.calls (id),
    decided_at timestamptz NOT NULL,
    body json NOT NULL
);

-- Whom user own must not meet: blocked either way, or met or refused since then.
CREATE FUNCTION node.apart(own uuid, since timestamptz) RETURNS TABLE (other uuid) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT blocked_id FROM node.blocks WHERE blocker_id = own
    UNION ALL
    SELECT blocker_id FROM node.blocks WHERE blocked_id = own
    UNION ALL
    SELECT peer.user_id
    FROM node.participants mine
    JOIN node.calls c ON c.id = mine.call_id AND c.offered_at >= since
    JOIN node.participants peer ON peer.call_id = mine.call_id AND peer.user_id <> own
    WHERE mine.user_id = own AND (c.started_at IS NOT NULL OR c.end_reason IN ('declined', 'skipped'));
END;

-- Offer a call to two users, who are locked, or say who is at fault; an empty list: they must not meet. Null: it is made. Its
-- statements see what was done while the locks were waited for.
CREATE FUNCTION node.offer(call uuid, mode text, at timestamptz, two uuid[], why json, since timestamptz, suspects boolean)
RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    fault text[];
BEGIN
    SELECT array_agg(u.id::text) INTO fault
    FROM identity.users u
    WHERE u.id = ANY (two) AND (
        u.deleted_at IS NOT NULL OR (u.tier = 'suspect') <> suspects
        OR EXISTS (SELECT FROM identity.banned(at) b WHERE b.user_id = u.id)
        OR EXISTS (SELECT FROM node.participants p WHERE p.user_id = u.id AND p.active AND p.call_id <> call)
    );
    IF fault IS NOT NULL THEN
        RETURN fault;
    END IF;
    IF EXISTS (SELECT FROM node.calls c WHERE c.id = call) THEN
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT FROM node.apart(two[1], since) a WHERE a.other = two[2]) THEN
        RETURN '{}';
    END IF;
    INSERT INTO node.calls (id, mode, offered_at) VALUES (call, mode, at);
    INSERT INTO node.participants (call_id, user_id, active) VALUES (call, two[1], true), (call, two[2], true);
    INSERT INTO node.decisions (call_id, decided_at, body) VALUES (call, at, why);
    RETURN NULL;
END $$;
