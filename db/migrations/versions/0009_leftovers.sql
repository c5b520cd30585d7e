-- What has served its time is found by its age: refresh tokens and sessions that are over, remembered keys of requests.
CREATE INDEX tokens_by_end ON identity.refresh_tokens (expires_at);
CREATE INDEX sessions_by_end ON identity.sessions (expires_at);
CREATE INDEX idempotency_keys_by_age ON identity.idempotency_keys (created_at);
