-- What people share, and what they upload for it. The bytes are objects in a store of their own (`db/objects/`).
CREATE SCHEMA social;

-- The row is written before its object, and deleted after it: there is no object without a row, whoever dies in between.
CREATE TABLE social.media (
    id uuid PRIMARY KEY,
    owner_id uuid NOT NULL REFERENCES identity.users,
    purpose text NOT NULL CHECK (purpose IN ('photo', 'post', 'chat', 'place', 'note', 'report')),
    type text NOT NULL CHECK (type IN ('image', 'video', 'audio', 'file')),
    state text NOT NULL CHECK (state IN ('processing', 'ready', 'refused')),
    -- Why it was refused.
    reason text,
    size bigint NOT NULL CHECK (size > 0),
    width int CHECK (width > 0),
    height int CHECK (height > 0),
    -- The difference hash of a picture, as `services/picture_decoding.py` describes it.
    hash bigint,
    created_at timestamptz NOT NULL,
    -- The object's name, and the name of the key that encrypts it; null: it is not encrypted.
    key text NOT NULL CONSTRAINT one_media_an_object UNIQUE,
    key_id text,
    -- Whether its object is there: from then on the media is.
    stored boolean NOT NULL DEFAULT false,
    -- What has used it since when: of a picture for a report, the id of what was reported. From then on it is evidence.
    used_for uuid,
    used_at timestamptz,
    -- From then on there is no such thing, and it is deleted. Null: it stays.
    expires_at timestamptz,
    CONSTRAINT used_for_something CHECK ((used_for IS NULL) = (used_at IS NULL))
);
CREATE INDEX media_to_delete ON social.media (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX media_of_a_user ON social.media (owner_id);
