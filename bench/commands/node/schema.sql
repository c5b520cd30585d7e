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

CREATE TABLE node.messages (
    id uuid PRIMARY KEY,
    room_id uuid NOT NULL REFERENCES node.rooms (id),
    seq bigint NOT NULL CHECK (seq > 0),
    sender_id uuid NOT NULL REFERENCES identity.users (id),
    client_id text NOT NULL CHECK (char_length(client_id) BETWEEN 1 AND 100),
    type text NOT NULL CHECK (type = ANY (ARRAY['text', 'image', 'video', 'voice', 'system'])),
    content text,
    reply_to uuid REFERENCES node.messages (id),
    created_at timestamptz NOT NULL,
    edited_at timestamptz,
    deleted_at timestamptz,
    CONSTRAINT one_message_a_client_id UNIQUE (room_id, sender_id, client_id),
    CONSTRAINT one_message_a_seq UNIQUE (room_id, seq)
);

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
    ended_at timestamptz,
    end_reason text,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);

-- The fence: nobody is in two calls, whatever Redis forgets.
CREATE TABLE node.in_call (
    user_id uuid PRIMARY KEY REFERENCES identity.users (id),
    call_id uuid NOT NULL REFERENCES node.calls (id)
);
CREATE INDEX people_of_a_call ON node.in_call (call_id);
