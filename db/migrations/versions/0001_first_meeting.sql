-- Two strangers meet: accounts, calls, connections, rooms.
--
-- Keys are UUIDv7 and every time comes from the application, so no column has a default clock. The checks repeat
-- what the contract promises; the names of the unique indexes are sentences, because stores turn them into errors.
-- Foreign keys onto evidence (calls, reports, messages) never cascade: erasing an account overwrites what is
-- personal in `users` and `profiles` and keeps the rows that others point at.

CREATE SCHEMA identity;
CREATE SCHEMA interaction;
CREATE SCHEMA communication;

-- Who somebody is ----------------------------------------------------------------------------------------------

CREATE TABLE identity.users (
    id uuid PRIMARY KEY,
    email text CHECK (char_length(email) BETWEEN 3 AND 254),
    username text CHECK (char_length(username) BETWEEN 1 AND 50),
    password_hash text,
    role text NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'moderator', 'admin')),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    CONSTRAINT only_the_erased_have_no_login CHECK (
        deleted_at IS NOT NULL OR (email IS NOT NULL AND username IS NOT NULL AND password_hash IS NOT NULL)
    )
);
CREATE UNIQUE INDEX one_account_an_email ON identity.users (lower(email));
CREATE UNIQUE INDEX one_account_a_username ON identity.users (lower(username));

-- `version` grows with every change: it is the ETag.
CREATE TABLE identity.profiles (
    user_id uuid PRIMARY KEY REFERENCES identity.users,
    display_name text NOT NULL CHECK (char_length(display_name) BETWEEN 1 AND 100),
    birth_date date NOT NULL,
    gender text NOT NULL CHECK (gender IN ('female', 'male', 'other')),
    intent text NOT NULL DEFAULT 'casual' CHECK (intent IN ('casual', 'friends', 'serious', 'networking')),
    languages text[] NOT NULL DEFAULT '{}' CHECK (cardinality(languages) <= 20),
    country text CHECK (country ~ '^[A-Z]{2}$'),
    city text CHECK (char_length(city) <= 100),
    bio text CHECK (char_length(bio) <= 2000),
    photos jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(photos) = 'array'),
    seeking_genders text[] NOT NULL DEFAULT '{female,male,other}' CHECK (
        cardinality(seeking_genders) > 0 AND seeking_genders <@ '{female,male,other}'
    ),
    seeking_age_min integer NOT NULL DEFAULT 18,
    seeking_age_max integer NOT NULL DEFAULT 120,
    version integer NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL,
    CONSTRAINT seeking_adults_in_order CHECK (
        18 <= seeking_age_min AND seeking_age_min <= seeking_age_max AND seeking_age_max <= 120
    )
);

-- What others may see of somebody; the age is reckoned from the birth date where a card is read.
CREATE VIEW identity.cards AS
SELECT user_id, display_name, birth_date, gender, intent, languages, country, city, bio, photos ->> 0 AS photo_url
FROM identity.profiles;

-- A session is a family of refresh tokens: one sign-in on one device.
CREATE TABLE identity.sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES identity.users,
    device text CHECK (char_length(device) <= 100),
    user_agent text CHECK (char_length(user_agent) <= 500),
    created_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoked_reason text CHECK (revoked_reason IN (
        'signed_out', 'banned', 'replaced', 'reused', 'password_changed', 'erased'
    )),
    CONSTRAINT revoked_for_a_reason CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL))
);
CREATE INDEX sessions_of_a_user ON identity.sessions (user_id, id);

-- Only the SHA-256 of a token is kept.
CREATE TABLE identity.refresh_tokens (
    hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    session_id uuid NOT NULL REFERENCES identity.sessions ON DELETE CASCADE,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE UNIQUE INDEX one_fresh_token_a_session ON identity.refresh_tokens (session_id) WHERE used_at IS NULL;
CREATE INDEX tokens_of_a_session ON identity.refresh_tokens (session_id);

-- A request that creates, told by the client's own key, so that a retry gets the first answer. `fingerprint`
-- leaves the password out: a fast hash of it must not lie here.
CREATE TABLE identity.idempotency_keys (
    endpoint text NOT NULL,
    key text NOT NULL CHECK (char_length(key) BETWEEN 1 AND 200),
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
    -- Taken before the account is there: whoever comes second waits here, not at the account's own indexes.
    user_id uuid NOT NULL REFERENCES identity.users DEFERRABLE INITIALLY DEFERRED,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (endpoint, key)
);

-- `until` null: for ever.
CREATE TABLE identity.bans (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES identity.users,
    reason text NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 2000),
    created_by uuid REFERENCES identity.users,
    created_at timestamptz NOT NULL,
    until timestamptz,
    lifted_at timestamptz
);
CREATE INDEX bans_not_lifted ON identity.bans (user_id) WHERE lifted_at IS NULL;

CREATE TABLE identity.blocks (
    blocker_id uuid NOT NULL REFERENCES identity.users,
    blocked_id uuid NOT NULL REFERENCES identity.users,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (blocker_id, blocked_id),
    CONSTRAINT nobody_blocks_themselves CHECK (blocker_id <> blocked_id)
);
CREATE INDEX blocks_by_the_blocked ON identity.blocks (blocked_id, blocker_id);

-- Who met whom -------------------------------------------------------------------------------------------------

-- `started_at`: both accepted. `live_at`: media flowed. `outcome` stays `none` while votes are sealed.
CREATE TABLE interaction.calls (
    id uuid PRIMARY KEY,
    origin text NOT NULL CHECK (origin IN ('match', 'direct')),
    mode text NOT NULL CHECK (mode IN ('voice', 'video')),
    region text NOT NULL,
    offered_at timestamptz NOT NULL,
    started_at timestamptz,
    live_at timestamptz,
    ended_at timestamptz,
    end_reason text CHECK (end_reason IN (
        'hung_up', 'skipped', 'declined', 'cancelled', 'no_answer', 'max_duration', 'connection_lost',
        'media_failed', 'reported', 'blocked', 'moderated'
    )),
    ended_by uuid REFERENCES identity.users,
    duration_s integer CHECK (duration_s >= 0),
    outcome text NOT NULL DEFAULT 'none' CHECK (outcome IN ('none', 'connected', 'not_connected')),
    decision_deadline timestamptz,
    closed_at timestamptz,
    CONSTRAINT ended_for_a_reason CHECK (
        (ended_at IS NULL) = (end_reason IS NULL) AND (ended_at IS NULL) = (duration_s IS NULL)
    ),
    CONSTRAINT decided_after_the_end CHECK (
        ended_at IS NOT NULL OR (ended_by IS NULL AND decision_deadline IS NULL AND closed_at IS NULL)
    ),
    CONSTRAINT outcome_when_closed CHECK (outcome = 'none' OR closed_at IS NOT NULL)
);
CREATE INDEX calls_to_decide ON interaction.calls (id) WHERE decision_deadline IS NOT NULL AND closed_at IS NULL;

CREATE TABLE interaction.call_participants (
    call_id uuid NOT NULL REFERENCES interaction.calls,
    user_id uuid NOT NULL REFERENCES identity.users,
    active boolean NOT NULL,
    PRIMARY KEY (call_id, user_id)
);
CREATE UNIQUE INDEX one_active_call_a_user ON interaction.call_participants (user_id) WHERE active;
CREATE INDEX calls_of_a_user ON interaction.call_participants (user_id, call_id);

CREATE TABLE interaction.decisions (
    call_id uuid NOT NULL,
    user_id uuid NOT NULL,
    connect boolean NOT NULL,
    feedback jsonb,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (call_id, user_id),
    CONSTRAINT voter_was_in_the_call FOREIGN KEY (call_id, user_id) REFERENCES interaction.call_participants
);

CREATE TABLE interaction.connections (
    id uuid PRIMARY KEY,
    user_a uuid NOT NULL REFERENCES identity.users,
    user_b uuid NOT NULL REFERENCES identity.users,
    call_id uuid NOT NULL REFERENCES interaction.calls,
    video_enabled boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_by uuid REFERENCES identity.users,
    CONSTRAINT pair_in_order CHECK (user_a < user_b),
    CONSTRAINT ended_before_by CHECK (ended_by IS NULL OR ended_at IS NOT NULL),
    CONSTRAINT one_connection_a_call UNIQUE (call_id)
);
CREATE UNIQUE INDEX one_active_connection_a_pair ON interaction.connections (user_a, user_b) WHERE ended_at IS NULL;
CREATE INDEX connections_of_a ON interaction.connections (user_a, id);
CREATE INDEX connections_of_b ON interaction.connections (user_b, id);

CREATE TABLE interaction.reports (
    id uuid PRIMARY KEY,
    call_id uuid REFERENCES interaction.calls,
    reporter_id uuid NOT NULL REFERENCES identity.users,
    reported_id uuid NOT NULL REFERENCES identity.users,
    reason text NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 64),
    note text CHECK (char_length(note) <= 2000),
    created_at timestamptz NOT NULL,
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'reviewing', 'actioned', 'dismissed')),
    CONSTRAINT nobody_reports_themselves CHECK (reporter_id <> reported_id),
    CONSTRAINT one_report_a_call_and_reporter UNIQUE (call_id, reporter_id),
    CONSTRAINT reporter_was_in_the_call
        FOREIGN KEY (call_id, reporter_id) REFERENCES interaction.call_participants,
    CONSTRAINT reported_was_in_the_call
        FOREIGN KEY (call_id, reported_id) REFERENCES interaction.call_participants
);
CREATE INDEX reports_on_a_user ON interaction.reports (reported_id, id);
CREATE INDEX reports_to_review ON interaction.reports (id) WHERE status IN ('open', 'reviewing');

-- What they say afterwards -------------------------------------------------------------------------------------

CREATE TABLE communication.rooms (
    id uuid PRIMARY KEY,
    connection_id uuid NOT NULL REFERENCES interaction.connections,
    last_seq bigint NOT NULL DEFAULT 0 CHECK (last_seq >= 0),
    created_at timestamptz NOT NULL,
    CONSTRAINT one_room_a_connection UNIQUE (connection_id)
);

CREATE TABLE communication.members (
    room_id uuid NOT NULL REFERENCES communication.rooms,
    user_id uuid NOT NULL REFERENCES identity.users,
    read_seq bigint NOT NULL DEFAULT 0,
    delivered_seq bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (room_id, user_id),
    CONSTRAINT read_after_delivered CHECK (0 <= read_seq AND read_seq <= delivered_seq)
);
CREATE INDEX rooms_of_a_user ON communication.members (user_id, room_id);

-- A system message has neither sender nor client id.
CREATE TABLE communication.messages (
    id uuid PRIMARY KEY,
    room_id uuid NOT NULL REFERENCES communication.rooms,
    seq bigint NOT NULL CHECK (seq > 0),
    sender_id uuid REFERENCES identity.users,
    client_id text CHECK (char_length(client_id) BETWEEN 1 AND 100),
    type text NOT NULL CHECK (type IN ('text', 'image', 'video', 'voice', 'system')),
    content text,
    reply_to uuid REFERENCES communication.messages,
    created_at timestamptz NOT NULL,
    edited_at timestamptz,
    deleted_at timestamptz,
    CONSTRAINT only_the_system_is_nobody CHECK (
        (type = 'system') = (sender_id IS NULL) AND (sender_id IS NULL) = (client_id IS NULL)
    ),
    CONSTRAINT text_says_something CHECK (type <> 'text' OR content IS NOT NULL OR deleted_at IS NOT NULL),
    CONSTRAINT one_message_a_seq UNIQUE (room_id, seq),
    CONSTRAINT one_message_a_client_id UNIQUE (room_id, sender_id, client_id)
);
