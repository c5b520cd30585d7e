-- Who may see whom is one rule; `core/visibility.py` says it in Python, and a test holds the two together.
--
-- All of it are relations, which a query joins or asks with EXISTS. Postgres then sets their bodies into the query and
-- plans both as one; a function that gave true or false would be run again for each row. ATOMIC bodies are stored
-- parsed, so planning costs less, and what they name cannot be dropped.

CREATE FUNCTION identity.banned(at timestamptz) RETURNS TABLE (user_id uuid) LANGUAGE sql STABLE BEGIN ATOMIC
    SELECT b.user_id FROM identity.bans b WHERE b.during @> at;
END;
COMMENT ON FUNCTION identity.banned IS
'Users with a ban that holds at this time; a user with two of them comes twice.';

CREATE VIEW identity.blocked_pairs AS
SELECT blocker_id AS one, blocked_id AS other FROM identity.blocks
UNION ALL
SELECT blocked_id, blocker_id FROM identity.blocks;
COMMENT ON VIEW identity.blocked_pairs IS
'Two between whom a block stands, whoever has blocked: each block in both orders.';

-- Where the viewer differs from row to row, ask with EXISTS; a join would read what each viewer may see.
CREATE FUNCTION identity.visible_to(viewer uuid, at timestamptz) RETURNS TABLE (user_id uuid) LANGUAGE sql STABLE BEGIN ATOMIC
    SELECT u.id FROM identity.users u
    WHERE u.deleted_at IS NULL
        AND NOT EXISTS (SELECT FROM identity.banned(at) b WHERE b.user_id = u.id)
        AND NOT EXISTS (SELECT FROM identity.blocked_pairs p WHERE p.one = viewer AND p.other = u.id);
END;
COMMENT ON FUNCTION identity.visible_to IS
'The rule: users whom the viewer may see at this time. Their account stands, they are not banned, and neither has
blocked the other. What it means in each of its uses:
a profile is shown to those to whom its user is visible;
a list shows the card of a visible user with whom one is connected, and of anybody else a name;
one may block those whom one sees, and those whom one has met;
two may be offered to each other while each is visible to the other (the fence asks for the parts, to tell whose fault it is);
a stored message is announced to the members to whom its sender is visible;
presence is shown to those with an active connection, which a block ends; a ban ends what there is to show;
a feed or a search joins this relation.';
