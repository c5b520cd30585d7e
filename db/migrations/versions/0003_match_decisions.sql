-- Why matching brought these two together: what the policy was given and what it made of it, as msgpack. Written with
-- the offer, so that neither is there without the other; personal, so dropped after MATCH_RECORD_DAYS.
CREATE TABLE interaction.match_decisions (
    call_id uuid PRIMARY KEY REFERENCES interaction.calls,
    decided_at timestamptz NOT NULL,
    body bytea NOT NULL
);
CREATE INDEX match_decisions_by_age ON interaction.match_decisions (decided_at);
