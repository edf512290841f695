-- Count the account's contacts.
SELECT count(*) AS total FROM contactsync.contact WHERE account_id = %(account_id)s;
