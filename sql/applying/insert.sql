-- Insert the new contacts, with ids in file order, and add them to the file's list.
-- No conflict is possible: a new contact cannot be on the list yet.
WITH new AS (
    INSERT INTO contactsync.contact (account_id, identity, created_at, updated_at, {columns})
    SELECT %(account_id)s, s.identity, %(now)s, %(now)s, {staged}
    FROM staged_contact AS s
    WHERE NOT EXISTS (SELECT FROM target AS t WHERE t.line = s.line)
    ORDER BY s.line
    RETURNING contact_id
)
INSERT INTO contactsync.list_member (account_id, list_id, contact_id)
SELECT %(account_id)s, %(list_id)s, contact_id FROM new;
