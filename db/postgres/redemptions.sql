-- Redeeming rewards at the places of partners. Times are passed as timestamptz.

-- name: place
-- The partner of place $1, for whom $2 works. No row: there is no such place for them.
SELECT l.partner_id FROM places.locations l WHERE l.id = $1 AND places.is_staff_at($2, $1)

-- name: scanned
-- Reward $1 at $2, and whose it is. No row: there is none, or no account any more.
SELECT r.id, r.type, r.title, r.description, r.earned_at, r.expires_at, r.redeemed_at, r.reversed_at, r.partner_id, r.user_id,
    p.name AS partner_name, places.reward_state(r, $2) AS state, profile.display_name
FROM places.rewards r
JOIN identity.users u ON u.id = r.user_id AND u.deleted_at IS NULL
JOIN identity.profiles profile ON profile.user_id = r.user_id
LEFT JOIN places.partners p ON p.id = r.partner_id
WHERE r.id = $1

-- name: redeem
-- Reward $1, of somebody else, is redeemed at place $2 by $3 of its staff, at $4, as entry $5. No row: it cannot be, and `scanned`
-- says why. Of all who try at once, one does.
WITH :claimed r AS (
    UPDATE places.rewards r SET redeemed_at = $4
    FROM places.locations l, identity.users u
    WHERE r.id = $1 AND l.id = $2 AND places.is_staff_at($3, $2) AND r.user_id <> $3 AND u.id = r.user_id AND u.deleted_at IS NULL
        AND r.redeemed_at IS NULL AND r.expired_at IS NULL AND (r.expires_at IS NULL OR r.expires_at > $4)
        AND r.type <> 'badge' AND (r.partner_id IS NULL OR r.partner_id = l.partner_id):unless
    RETURNING r.id, r.user_id, r.title, l.partner_id, l.name AS place
), entry AS (
    INSERT INTO places.reward_ledger (id, reward_id, kind, at, partner_id, location_id, by_id)
    SELECT $5, r.id, 'redeemed', $4, r.partner_id, $2, $3 FROM r
)
:said

-- name: alone
-- A part of `redeem`: nobody is told.
SELECT r.user_id, r.title, r.place FROM r

-- name: claimed
-- A part of `redeem`: first the key of the request is claimed.
claimed AS (
    :claim
),

-- name: unless
-- A part of `redeem`: only where the key is this request's. A copy that waits for it holds no reward meanwhile.
 AND (SELECT claimed.first FROM claimed)

-- name: told
-- A part of `redeem`: whose it was is told, always if $7, by notification $6 (a JSON object by column), in which {title} and {place}
-- stand for those. Their lane is locked last: the entry will lock its author, and does not wait any more then.
SELECT r.user_id, :goes_out AS goes_out,
    social.notify(jsonb_populate_record(NULL::social.notifications, $6::jsonb || jsonb_build_object(
        'user_id', r.user_id, 'title', replace($6::jsonb ->> 'title', '{title}', r.title),
        'body', replace($6::jsonb ->> 'body', '{place}', r.place)
    )), $7) AS told
FROM r
CROSS JOIN (SELECT s.id FROM identity.users s WHERE s.id = $3 FOR KEY SHARE) staff
LEFT JOIN identity.settings own ON own.user_id = r.user_id

-- name: told_once
-- The same where the key was claimed, and what that stands for. Nulls: it was not redeemed just now.
SELECT claimed.digest, claimed.answer, claimed.first, told.*
FROM claimed LEFT JOIN (:told) told ON true

-- name: redemption
-- Redemption $1 of a partner for whom $2 works; nobody else changes its reward meanwhile.
SELECT e.id, e.reward_id, e.location_id, e.at, e.partner_id, r.reversed_at, r.user_id, r.title
FROM places.reward_ledger e
JOIN places.rewards r ON r.id = e.reward_id
JOIN places.partner_staff s ON s.partner_id = e.partner_id AND s.user_id = $2
WHERE e.id = $1 AND e.kind = 'redeemed'
FOR NO KEY UPDATE OF r

-- name: reverse
-- Take redemption $1 back at $2, by $3, for reason $4, as entry $5. Reward $6, with entry $7, is there in place of the one that it
-- redeemed, and holds for a day at least.
WITH r AS (
    UPDATE places.rewards r SET reversed_at = $2
    FROM places.reward_ledger e
    WHERE e.id = $1 AND r.id = e.reward_id AND r.reversed_at IS NULL
    RETURNING r.*, e.partner_id AS redeemed_by
), back AS (
    INSERT INTO places.reward_ledger (id, reward_id, kind, at, partner_id, by_id, redemption_id, reason)
    SELECT $5, r.id, 'reversed', $2, r.redeemed_by, $3, $1, $4 FROM r
), again AS (
    INSERT INTO places.rewards
        (id, user_id, rule_id, occasion, partner_id, type, title, description, earned_at, expires_at, replaces)
    SELECT $6, r.user_id, r.rule_id, r.occasion, r.partner_id, r.type, r.title, r.description, r.earned_at,
        CASE WHEN r.expires_at IS NOT NULL THEN greatest(r.expires_at, $2::timestamptz + interval '1 day') END, r.id
    FROM r
)
INSERT INTO places.reward_ledger (id, reward_id, kind, at, partner_id) SELECT $7, $6, 'granted', $2, r.partner_id FROM r
