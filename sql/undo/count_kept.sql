-- Count the contacts that a deposit has kept.
SELECT count(*) AS kept FROM contactsync.contact_before
WHERE account_id = %(account_id)s AND deposit_id = %(deposit_id)s;
