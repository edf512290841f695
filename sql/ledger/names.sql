-- Which of these names are names of deposits.
SELECT claimed_bytes
FROM contactsync.deposit
WHERE account_id = %(account_id)s AND action = ANY(%(actions)s) AND claimed_bytes = ANY(%(names)s);
