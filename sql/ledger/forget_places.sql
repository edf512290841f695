-- Forget where the unfinished deposits of an account were: an operator vouches for the folders that are there now.
UPDATE contactsync.deposit
SET place = NULL
WHERE account_id = %(account_id)s AND state = 'on';
