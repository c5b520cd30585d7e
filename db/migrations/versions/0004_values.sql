-- What users hold dear, by which matching tells how close two of them are.
CREATE TABLE identity.user_values (
    user_id uuid NOT NULL REFERENCES identity.users,
    -- A digest of category and name without case, width and spaces: the same for all who hold this value.
    key text NOT NULL CHECK (key ~ '^[0-9a-f]{16}$'),
    category text NOT NULL CHECK (char_length(category) BETWEEN 1 AND 50),
    value_name text NOT NULL CHECK (char_length(value_name) BETWEEN 1 AND 100),
    strength integer NOT NULL CHECK (strength BETWEEN 0 AND 100),
    -- Its owner's order.
    place integer NOT NULL CHECK (place > 0),
    PRIMARY KEY (user_id, key)
);
