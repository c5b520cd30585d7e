-- How calls went: the notes of each as JSON, dropped after TIMELINE_DAYS, and what either of the two reads of it in their past calls.
-- It goes with its call, as the version before deletes calls and knows nothing of it; it is no evidence.
CREATE TABLE interaction.call_timelines (
    call_id uuid PRIMARY KEY REFERENCES interaction.calls ON DELETE CASCADE,
    ended_at timestamptz NOT NULL,
    events bytea NOT NULL
);
CREATE INDEX call_timelines_by_age ON interaction.call_timelines (ended_at);
ALTER TABLE interaction.call_participants ADD COLUMN verdict jsonb;
