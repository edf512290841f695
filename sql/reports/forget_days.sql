-- Delete the records of days that are too old to be compared.
DELETE FROM contactsync.report_day
WHERE account_id = %(account_id)s AND day < %(end)s;
