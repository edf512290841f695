-- Add every matched contact to its new list, which has no members yet: nothing to look up.
INSERT INTO contactsync.list_member (account_id, list_id, contact_id)
SELECT %(account_id)s, %(list_id)s, contact_id FROM target;
