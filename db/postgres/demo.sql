-- What was made for a demo. It is kept in a schema of its own, which is there only while such a town is.

-- name: open
-- Room for what is noted. `name`: that of a user, from before there is one.
CREATE SCHEMA IF NOT EXISTS demo;
CREATE TABLE IF NOT EXISTS demo.town (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    seed integer NOT NULL,
    people integer NOT NULL,
    places integer NOT NULL,
    begun_at timestamptz NOT NULL,
    ready_at timestamptz
);
CREATE TABLE IF NOT EXISTS demo.made (
    kind text NOT NULL, number integer NOT NULL, name text, id uuid UNIQUE, PRIMARY KEY (kind, number)
)

-- name: is_open
-- Whether there is such room.
SELECT to_regclass('demo.made') IS NOT NULL

-- name: town
-- The town that there is. No row: none.
SELECT t.seed, t.people, t.places, t.ready_at IS NOT NULL AS ready FROM demo.town t

-- name: begin
-- A town of seed $1 with $2 people and $3 places is begun at $4. No row: there is one.
INSERT INTO demo.town (seed, people, places, begun_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING true

-- name: plan
-- Users who are called $1, numbered from 0 on, are going to be the town's.
INSERT INTO demo.made (kind, number, name) SELECT 'person', n - 1, name FROM unnest($1::text[]) WITH ORDINALITY AS each (name, n)

-- name: taken
-- Which of the names $1 somebody has, or had: they are kept for them at $2.
SELECT u.username FROM identity.users u WHERE lower(u.username) = ANY ($1::text[])
UNION ALL
SELECT f.username FROM identity.former_usernames f WHERE lower(f.username) = ANY ($1::text[]) AND f.until > $2

-- name: note
-- The one of kind $1 and number $2 is $3.
INSERT INTO demo.made (kind, number, id) VALUES ($1, $2, $3)
ON CONFLICT (kind, number) DO UPDATE SET id = excluded.id

-- name: note_places
-- Places of source $1 are the town's, numbered as there.
INSERT INTO demo.made (kind, number, id)
SELECT 'place', l.source_id::integer, l.id FROM places.locations l WHERE l.source = $1
ON CONFLICT (kind, number) DO UPDATE SET id = excluded.id

-- name: find
-- Users who were made and not noted any more, as when that was broken off: they have the name, and an account from days before the
-- town was begun.
UPDATE demo.made m SET id = u.id
FROM identity.users u, demo.town t
WHERE m.kind = 'person' AND m.id IS NULL AND u.username = m.name AND u.created_at < t.begun_at - interval '1 day'

-- name: made
-- What there is of kind $1, by number.
SELECT m.number, m.id FROM demo.made m WHERE m.kind = $1 AND m.id IS NOT NULL ORDER BY m.number

-- name: ready
-- All is done, at $1.
UPDATE demo.town SET ready_at = $1

-- name: take_away
-- Take away what its users' erasure has left, but for what others have a part in; then the notes. Places, partners and rules that
-- others have to do with are closed. In a transaction. Lists that are only ever added to let this be taken out of them.
CREATE TEMPORARY TABLE gone ON COMMIT DROP AS SELECT m.id FROM demo.made m WHERE m.kind = 'person' AND m.id IS NOT NULL;
CREATE TEMPORARY TABLE rooms_gone ON COMMIT DROP AS
    SELECT m.room_id AS id FROM communication.members m GROUP BY m.room_id HAVING bool_and(m.user_id IN (SELECT id FROM gone));
CREATE TEMPORARY TABLE calls_gone ON COMMIT DROP AS
    SELECT p.call_id AS id FROM interaction.call_participants p
    WHERE NOT EXISTS (SELECT FROM interaction.reports r WHERE r.call_id = p.call_id)
    GROUP BY p.call_id HAVING bool_and(p.user_id IN (SELECT id FROM gone));

-- Rooms and those who were in them
DELETE FROM communication.outbox WHERE lane IN (SELECT id FROM rooms_gone);
DELETE FROM social.notification_outbox WHERE lane IN (SELECT id FROM gone);
WITH requests AS (
    DELETE FROM interaction.video_requests v USING interaction.connections c
    WHERE v.connection_id = c.id AND c.room_id IN (SELECT id FROM rooms_gone)
), connections AS (
    DELETE FROM interaction.connections WHERE room_id IN (SELECT id FROM rooms_gone)
), friendships AS (
    DELETE FROM social.friendships WHERE room_id IN (SELECT id FROM rooms_gone)
), messages AS (
    DELETE FROM communication.messages WHERE room_id IN (SELECT id FROM rooms_gone)
), members AS (
    DELETE FROM communication.members WHERE room_id IN (SELECT id FROM rooms_gone)
)
DELETE FROM communication.rooms WHERE id IN (SELECT id FROM rooms_gone);
DELETE FROM social.friend_requests WHERE sender_id IN (SELECT id FROM gone) AND receiver_id IN (SELECT id FROM gone);

-- Calls
WITH decisions AS (
    DELETE FROM interaction.decisions WHERE call_id IN (SELECT id FROM calls_gone)
), matches AS (
    DELETE FROM interaction.match_decisions WHERE call_id IN (SELECT id FROM calls_gone)
), participants AS (
    DELETE FROM interaction.call_participants WHERE call_id IN (SELECT id FROM calls_gone)
)
DELETE FROM interaction.calls WHERE id IN (SELECT id FROM calls_gone);

-- Posts: nobody else sees them any more, nor what was said there
CREATE TEMPORARY TABLE posts_gone ON COMMIT DROP AS
    SELECT p.id FROM social.posts p
    WHERE p.author_id IN (SELECT id FROM gone) AND NOT EXISTS (SELECT FROM interaction.reports r WHERE r.subject_id = p.id);
DELETE FROM social.post_likes WHERE post_id IN (SELECT id FROM posts_gone);
DELETE FROM social.post_audience WHERE post_id IN (SELECT id FROM posts_gone);
DELETE FROM social.comments WHERE post_id IN (SELECT id FROM posts_gone);
DELETE FROM social.posts WHERE id IN (SELECT id FROM posts_gone);
DELETE FROM social.comments c
WHERE c.author_id IN (SELECT id FROM gone)
    AND NOT EXISTS (SELECT FROM social.comments a WHERE a.reply_to = c.id AND a.author_id NOT IN (SELECT id FROM gone));

-- Sessions with mentors, and rewards
DELETE FROM places.mentor_notes WHERE user_id IN (SELECT id FROM gone);
DELETE FROM places.mentor_sessions WHERE user_id IN (SELECT id FROM gone) AND mentor_user_id IN (SELECT id FROM gone);
CREATE TEMPORARY TABLE rewards_gone ON COMMIT DROP AS
    SELECT r.id, r.rule_id, r.partner_id, r.replaces FROM places.rewards r WHERE r.user_id IN (SELECT id FROM gone);
ALTER TABLE places.reward_ledger DISABLE TRIGGER only_added_to;
DELETE FROM places.reward_ledger WHERE reward_id IN (SELECT id FROM rewards_gone);
ALTER TABLE places.reward_ledger ENABLE TRIGGER only_added_to;
DELETE FROM places.rewards WHERE id IN (SELECT id FROM rewards_gone);
UPDATE places.reward_rules r SET granted = r.granted - g.times
FROM (SELECT rule_id AS id, count(*) AS times FROM rewards_gone WHERE replaces IS NULL GROUP BY rule_id) g
WHERE r.id = g.id;
UPDATE places.partners p SET granted = p.granted - g.times
FROM (SELECT partner_id AS id, count(*) AS times FROM rewards_gone WHERE replaces IS NULL GROUP BY partner_id) g
WHERE p.id = g.id;

-- What was done, and by whom, where nobody else has a part in it
ALTER TABLE identity.audit_log DISABLE TRIGGER only_added_to;
DELETE FROM identity.audit_log a
WHERE (a.actor_id IN (SELECT id FROM gone) OR a.subject_id IN (SELECT id FROM gone))
    AND (a.actor_id IS NULL OR a.actor_id IN (SELECT id FROM gone))
    AND (a.subject_id IS NULL OR a.subject_id IN (SELECT id FROM gone))
    OR a.action = 'locations_imported' AND a.details ->> 'source' = 'python -m realtime demo';
ALTER TABLE identity.audit_log ENABLE TRIGGER only_added_to;
DELETE FROM identity.idempotent_requests WHERE owner IN (SELECT id::text FROM gone);
DELETE FROM places.partner_staff WHERE user_id IN (SELECT id FROM gone);

-- Each of these goes unless something of others refers to it
DO $$
DECLARE each record;
BEGIN
    UPDATE places.locations l SET partner_id = NULL WHERE l.partner_id IN (SELECT m.id FROM demo.made m WHERE m.kind = 'partner');
    FOR each IN SELECT m.kind, m.id FROM demo.made m WHERE m.id IS NOT NULL
        ORDER BY array_position(ARRAY['mentor', 'person', 'place', 'rule', 'partner'], m.kind)
    LOOP
        BEGIN
            CASE each.kind
                WHEN 'mentor' THEN
                    DELETE FROM places.mentors WHERE id = each.id;
                WHEN 'person' THEN
                    DELETE FROM identity.consents WHERE user_id = each.id;
                    DELETE FROM identity.expulsions WHERE user_id = each.id;
                    DELETE FROM identity.erasures WHERE user_id = each.id;
                    DELETE FROM identity.profiles WHERE user_id = each.id;
                    DELETE FROM identity.users WHERE id = each.id;
                WHEN 'place' THEN
                    DELETE FROM places.locations l
                    WHERE l.id = each.id AND NOT EXISTS (SELECT FROM places.check_ins c WHERE c.location_id = l.id);
                    UPDATE places.locations SET active = false WHERE id = each.id;
                WHEN 'rule' THEN
                    DELETE FROM places.reward_rules WHERE id = each.id;
                ELSE
                    DELETE FROM places.partners WHERE id = each.id;
            END CASE;
        EXCEPTION WHEN foreign_key_violation THEN
            UPDATE places.locations SET active = false WHERE id = each.id;
            UPDATE places.reward_rules SET active = false WHERE id = each.id;
            UPDATE places.partners SET active = false WHERE id = each.id;
        END;
    END LOOP;
END $$;
DROP SCHEMA demo CASCADE
