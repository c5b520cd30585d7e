-- What is shown of a media: of which type its original is, in which other renditions it is kept, what a page draws until it has
-- come (blurhash), and how long it plays.
ALTER TABLE social.media
    ADD COLUMN content_type text NOT NULL DEFAULT 'image/jpeg',
    ADD COLUMN renditions text[] NOT NULL DEFAULT '{}',
    ADD COLUMN blurhash text,
    ADD COLUMN duration_ms int CHECK (duration_ms > 0);

-- The photos and videos of a profile, in the order in which they are shown.
ALTER TABLE identity.profiles
    ADD COLUMN photo_ids uuid[] NOT NULL DEFAULT '{}' CHECK (cardinality(photo_ids) <= 6),
    ADD COLUMN video_ids uuid[] NOT NULL DEFAULT '{}' CHECK (cardinality(video_ids) <= 2);

-- The same with all that is known of each. `used`: it is evidence, which no photo is.
CREATE VIEW social.profile_media AS
SELECT p.user_id, own.place, m.id, m.owner_id, m.purpose, m.type, m.state, m.reason, m.size, m.width, m.height, m.key, m.key_id,
    m.content_type, m.renditions, m.blurhash, m.duration_ms, m.hash
FROM identity.profiles p
CROSS JOIN LATERAL unnest(p.photo_ids || p.video_ids) WITH ORDINALITY AS own (id, place)
JOIN social.media m ON m.id = own.id AND m.stored;

-- `photo_id`: the first one that others may see. `photo_url` is empty: servers of the version before read it.
CREATE OR REPLACE VIEW identity.cards AS
SELECT user_id, display_name, birth_date, gender, intent, languages, country, city, bio, photos ->> 0 AS photo_url, (
    SELECT shown.id FROM social.profile_media shown
    WHERE shown.user_id = p.user_id AND shown.type = 'image' AND shown.state = 'ready'
    ORDER BY shown.place LIMIT 1
) AS photo_id
FROM identity.profiles p;

-- Pictures that a moderator has removed, by difference hash: who uploads one again is refused.
CREATE TABLE safety.removed_pictures (
    media_id uuid PRIMARY KEY,
    hash bigint NOT NULL,
    removed_at timestamptz NOT NULL
);
