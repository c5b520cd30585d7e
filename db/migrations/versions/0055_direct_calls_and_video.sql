-- A direct call is by `invited_by`. `rings`: whom it rings, or would if they were not in another call. Only from the moment when they answer
-- are they in it, by `one_active_call_a_user`.
ALTER TABLE interaction.calls
    ADD COLUMN invited_by uuid,
    ADD COLUMN rings uuid,
    ADD CONSTRAINT nobody_rings_themselves CHECK (rings IS NULL OR (invited_by IS NOT NULL AND rings <> invited_by));
CREATE INDEX calls_that_ring ON interaction.calls (rings) WHERE rings IS NOT NULL AND started_at IS NULL AND ended_at IS NULL;

-- Calls inside a connection are without video until a request for it was approved: `video_enabled` of the connection.
CREATE TABLE interaction.video_requests (
    id uuid PRIMARY KEY,
    connection_id uuid NOT NULL REFERENCES interaction.connections,
    requester_id uuid NOT NULL REFERENCES identity.users,
    approver_id uuid NOT NULL REFERENCES identity.users,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'approved', 'rejected', 'expired')),
    requested_at timestamptz NOT NULL,
    responded_at timestamptz,
    expires_at timestamptz NOT NULL,
    CONSTRAINT answered_at_some_time CHECK ((status IN ('approved', 'rejected')) = (responded_at IS NOT NULL))
);
CREATE UNIQUE INDEX one_pending_request_a_connection ON interaction.video_requests (connection_id) WHERE status = 'pending';
CREATE INDEX video_requests_by_a_user ON interaction.video_requests (requester_id, id);
CREATE INDEX video_requests_to_a_user ON interaction.video_requests (approver_id, id);
CREATE INDEX video_requests_of_a_connection ON interaction.video_requests (connection_id, id);
