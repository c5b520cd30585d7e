-- When messages were delivered to a device of a member. As `reads`; where there is no row, they were read at once, or delivered to
-- one who shows nobody what they read.
CREATE TABLE communication.deliveries (
    room_id uuid NOT NULL,
    user_id uuid NOT NULL,
    after_seq bigint NOT NULL CHECK (after_seq >= 0),
    seq bigint NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (room_id, user_id, seq),
    CONSTRAINT deliveries_move_on CHECK (after_seq < seq)
);

-- Members have everything up to these seqs on a device: place by place. A row for each that is news, with the others who are told.
CREATE FUNCTION communication.delivered(room_ids uuid[], user_ids uuid[], seqs bigint[], times timestamptz[])
RETURNS TABLE (n bigint, read_seq bigint, delivered_seq bigint, members uuid[])
LANGUAGE plpgsql SET plan_cache_mode TO 'force_generic_plan' SET enable_seqscan TO 'off' AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM unnest(room_ids, user_ids) AS asked (room_id, user_id)
    JOIN communication.members m ON m.room_id = asked.room_id AND m.user_id = asked.user_id
    ORDER BY m.room_id, m.user_id
    FOR NO KEY UPDATE OF m;

    RETURN QUERY
    WITH receiver AS (
        SELECT
            asked.n, m.room_id, m.user_id, m.read_seq, m.delivered_seq, least(asked.seq, r.last_seq) AS seq, asked.at,
            r.ended_at IS NULL AS active, r.kind, EXISTS (
                SELECT FROM identity.settings s WHERE s.user_id = m.user_id AND s.read_receipts IS FALSE
            ) AS quiet
        FROM unnest(room_ids, user_ids, seqs, times) WITH ORDINALITY AS asked (room_id, user_id, seq, at, n)
        JOIN communication.members m ON m.room_id = asked.room_id AND m.user_id = asked.user_id AND m.left_at IS NULL
        JOIN communication.rooms r ON r.id = asked.room_id
        WHERE least(asked.seq, r.last_seq) > m.delivered_seq
    ), moved AS (
        UPDATE communication.members m SET delivered_seq = receiver.seq
        FROM receiver
        WHERE m.room_id = receiver.room_id AND m.user_id = receiver.user_id
    ), noted AS (
        INSERT INTO communication.deliveries (room_id, user_id, after_seq, seq, at)
        SELECT room_id, user_id, delivered_seq, seq, at FROM receiver WHERE NOT quiet
    )
    SELECT
        receiver.n, read_seq, seq,
        CASE
            WHEN quiet OR NOT active THEN '{}'
            WHEN kind = 'group' THEN array_remove(communication.told_of_reading(room_id, user_id), user_id)
            ELSE ARRAY(
                SELECT m.user_id FROM communication.members m
                WHERE m.room_id = receiver.room_id AND m.left_at IS NULL AND m.user_id <> receiver.user_id AND NOT EXISTS (
                    SELECT FROM identity.settings s WHERE s.user_id = m.user_id AND s.read_receipts IS FALSE
                )
                ORDER BY m.user_id
            )
        END
    FROM receiver;
END $$;
