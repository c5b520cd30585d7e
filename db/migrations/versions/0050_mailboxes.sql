-- `mailbox`: the mark of an address that was shown to be theirs, as `email` is that of any. Only that one is compared with others'.
ALTER TABLE safety.known_marks
    DROP CONSTRAINT known_marks_kind_check,
    ADD CONSTRAINT known_marks_kind_check CHECK (
        kind IN ('email', 'mailbox', 'phone', 'device', 'network', 'photo', 'client', 'name', 'person', 'age')
    );

-- Those who are banned are not seen any more. Of several addresses it is not known which one was shown to be theirs.
INSERT INTO safety.known_marks (user_id, kind, mark, first_seen, last_seen, barred)
SELECT k.user_id, 'mailbox', (array_agg(k.mark))[1], min(k.first_seen), max(k.last_seen), true
FROM safety.known_marks k JOIN identity.users u ON u.id = k.user_id AND u.email_verified_at IS NOT NULL
WHERE k.kind = 'email' AND k.barred
GROUP BY k.user_id HAVING count(*) = 1;
