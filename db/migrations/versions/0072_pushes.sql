-- Up to which message of a room a member's devices were sent a push, until they have read that.
CREATE TABLE communication.pushes (
    room_id uuid NOT NULL,
    user_id uuid NOT NULL,
    seq bigint NOT NULL CHECK (seq > 0),
    sending bigint,
    PRIMARY KEY (room_id, user_id)
);
COMMENT ON COLUMN communication.pushes.sending IS 'The moment of the job that sends it; null: it has been sent.';
CREATE INDEX pushes_of_a_user ON communication.pushes (user_id);

-- How often its push service has refused what was for this device, and since when, without taking anything.
ALTER TABLE identity.devices ADD COLUMN refused integer NOT NULL DEFAULT 0;
ALTER TABLE identity.devices ADD COLUMN refused_since timestamptz;
