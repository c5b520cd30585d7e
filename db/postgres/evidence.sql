-- Evidence of reports: what was so then. Times are passed as timestamptz.

-- name: take
-- What there is at $5 about $2, whom $1 reports: their card with what they do not show, what the record knows of call $3 (null: of the latest of the two
-- that was answered), their latest $6 messages in rooms where both are, and what was reported, $4.
SELECT jsonb_build_object(
    'taken_at', $5::timestamptz,
    'card', (
        SELECT to_jsonb(card) || jsonb_build_object('photos', p.photo_ids || p.video_ids, 'city', p.city, 'country', p.country)
        FROM identity.cards card JOIN identity.profiles p ON p.user_id = card.user_id WHERE card.user_id = $2
    ),
    'call', (
        SELECT to_jsonb(c) FROM interaction.calls c WHERE c.id = coalesce($3::uuid, (
            SELECT met.id FROM interaction.call_participants own
            JOIN interaction.call_participants peer ON peer.call_id = own.call_id AND peer.user_id = $2
            JOIN interaction.calls met ON met.id = own.call_id AND met.started_at IS NOT NULL
            WHERE own.user_id = $1
            ORDER BY own.call_id DESC LIMIT 1
        ))
    ),
    'messages', (
        SELECT coalesce(jsonb_agg(to_jsonb(latest) ORDER BY latest.created_at, latest.seq), '[]') FROM (
            SELECT said.*
            FROM communication.members own
            JOIN communication.members theirs ON theirs.room_id = own.room_id AND theirs.user_id = $2
            CROSS JOIN LATERAL (
                SELECT m.id, m.room_id, m.seq, m.sender_id, m.type, m.content, m.media_id, m.created_at, m.edited_at, m.deleted_at
                FROM communication.messages m
                WHERE m.room_id = own.room_id AND m.sender_id IN ($1, $2)
                ORDER BY m.seq DESC LIMIT $6
            ) said
            WHERE own.user_id = $1
            ORDER BY said.created_at DESC, said.seq DESC LIMIT $6
        ) latest
    ),
    'reported', $4::jsonb
)::text

-- name: forget
-- Drop the evidence of up to $2 reports whose case was decided before $1, with no appeal that waits for a decision. Gives what
-- was uploaded with each (null: nothing), and which message it was of.
UPDATE interaction.reports SET evidence = NULL, evidence_key_id = NULL
WHERE id IN (
    SELECT r.id FROM interaction.reports r
    JOIN safety.cases c ON c.id = r.case_id AND c.state = 'decided' AND c.decided_at < $1
    WHERE r.evidence IS NOT NULL AND NOT EXISTS (
        SELECT FROM safety.strikes s JOIN safety.appeals a ON a.strike_id = s.id AND a.state = 'open'
        WHERE s.case_id = c.id AND s.lifted_at IS NULL
    )
    ORDER BY r.id LIMIT $2 FOR UPDATE OF r SKIP LOCKED
)
RETURNING evidence_media_id, CASE WHEN subject_type = 'message' THEN subject_id END AS message_id

-- name: release
-- Of messages $1 go those that their rooms have forgotten, and at $2 what they showed that nothing else needs (0075_forgetting.sql).
SELECT communication.release($1::uuid[], $2)
