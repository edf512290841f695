-- Select the revision of the account's settings.
SELECT revision FROM contactsync.account WHERE account_id = %(account_id)s;
