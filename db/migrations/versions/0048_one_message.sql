-- One message alone, which is what is stored when nobody else speaks at this moment, costs a third less than as a group of one:
-- nothing is put in order, counted or joined.

-- What `communication.say` promises, of one draft. Locked is its room and nothing else; once it is, the second statement sees what
-- others have done in it meanwhile. No row: its sender has used this client id before, or may not write in this room.
CREATE FUNCTION communication.say_one(
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
        RETURNING r.last_seq, r.last_news
    ), said AS (
        INSERT INTO communication.messages (id, room_id, seq, sender_id, client_id, type, content, reply_to, created_at)
        SELECT say_one.id, room, last_seq, sender, client, say_one.type, say_one.content, reply, at FROM counted
    ), noted AS (
        INSERT INTO communication.outbox (lane, number, event, subject)
        SELECT room, last_news, 'chat:message', say_one.id FROM counted
    )
    SELECT
        1::bigint, last_seq, last_news,
        ARRAY(
            SELECT m.user_id FROM communication.members m WHERE m.room_id = room AND m.left_at IS NULL ORDER BY m.user_id
        )
    FROM counted;
END $$;
