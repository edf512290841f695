-- Insert the contacts that the file deleted, under their ids.
INSERT INTO contactsync.contact
SELECT r.*
FROM contactsync.contact_before AS b
CROSS JOIN LATERAL jsonb_populate_record(
    NULL::contactsync.contact, b.image || jsonb_build_object('updated_at', %(now)s::timestamptz)
) AS r
WHERE b.account_id = %(account_id)s AND b.deposit_id = %(deposit_id)s;
