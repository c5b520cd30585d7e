-- What a block still has to bring about where people are connected: the call of the two ended, both told. Written
-- together with the block and removed when all of it is done, so that no node's death leaves a block without effect.
CREATE TABLE interaction.partings (
    id uuid PRIMARY KEY,
    blocker_id uuid NOT NULL REFERENCES identity.users,
    blocked_id uuid NOT NULL REFERENCES identity.users,
    -- The connection that the block has ended, if there was one.
    connection_id uuid REFERENCES interaction.connections,
    -- While one node sees to it, no other does.
    taken_until timestamptz NOT NULL DEFAULT '-infinity',
    CONSTRAINT nobody_parts_from_themselves CHECK (blocker_id <> blocked_id)
);
CREATE INDEX partings_to_take ON interaction.partings (taken_until);

-- A user's blocks, newest first.
CREATE INDEX blocks_of_a_blocker ON identity.blocks (blocker_id, created_at, blocked_id);
