-- Who may call somebody directly. Null: as it is for whoever has said nothing, that is whom they are connected with.
ALTER TABLE identity.settings ADD COLUMN direct_calls text CHECK (direct_calls IN ('connections', 'nobody'));
