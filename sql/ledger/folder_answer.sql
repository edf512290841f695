-- Select the answer to a folder of this name that was uploaded to in/.
SELECT claimed_bytes, result
FROM contactsync.deposit
WHERE account_id = %(account_id)s AND action = %(action)s AND name_bytes = %(name_bytes)s AND reason = 'a_folder'
ORDER BY deposit_id DESC
LIMIT 1;
