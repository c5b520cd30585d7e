-- A row for each user who has ever set something. Null, or no row: what the user starts with.
CREATE TABLE identity.settings (
    user_id uuid PRIMARY KEY REFERENCES identity.users,
    theme text CHECK (theme IN ('system', 'light', 'dark', 'neon')),
    language text CHECK (language ~ '^[a-z]{2,3}$'),
    time_zone text CHECK (char_length(time_zone) BETWEEN 1 AND 64)
);
