-- Users who were put out of sessions, until every node has seen to it: signed out elsewhere, a new password, erased. A ban
-- is such a row itself.
CREATE TABLE identity.expulsions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES identity.users,
    reason text NOT NULL CHECK (reason IN ('signed_out', 'password_changed', 'erased')),
    sessions uuid[] NOT NULL,
    -- While one node sees to it, no other does.
    taken_until timestamptz NOT NULL DEFAULT '-infinity'
);
CREATE INDEX expulsions_to_take ON identity.expulsions (taken_until);
