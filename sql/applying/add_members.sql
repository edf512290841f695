-- Add every matched contact to the list.
INSERT INTO contactsync.list_member (account_id, list_id, contact_id)
SELECT %(account_id)s, %(list_id)s, contact_id FROM target
ON CONFLICT DO NOTHING;
