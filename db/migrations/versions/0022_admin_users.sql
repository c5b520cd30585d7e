-- Moderators look for users by how a name or an address begins.
CREATE INDEX users_by_username ON identity.users (lower(username) text_pattern_ops);
CREATE INDEX users_by_email ON identity.users (lower(email) text_pattern_ops);
CREATE INDEX profiles_by_display_name ON identity.profiles (lower(display_name) text_pattern_ops);
