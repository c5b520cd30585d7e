-- Sessions with mentors that are over, and of which nobody has said what became of them; and the calls in them, which show it.
CREATE INDEX unsettled_sessions ON places.mentor_sessions (ends_at) WHERE status = 'scheduled';
CREATE INDEX calls_of_a_session ON interaction.calls (mentor_session_id) WHERE mentor_session_id IS NOT NULL;
COMMENT ON COLUMN places.mentor_sessions.decided_by IS
    'Who has cancelled it, said what became of it, or shown it by coming; null: nobody, the two were parted, or it was settled on nobody''s word.';
