-- Pictures that strangers are to see are scanned before: how often that was tried, and when it is due; null: it is not.
ALTER TABLE social.media
    ADD COLUMN scans int NOT NULL DEFAULT 0,
    ADD COLUMN scan_at timestamptz;
CREATE INDEX media_to_scan ON social.media (scan_at) WHERE scan_at IS NOT NULL;
