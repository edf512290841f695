-- Which of these names are names of deposits, and what became of those.
SELECT claimed_bytes, state
FROM contactsync.deposit
WHERE account_id = %(account_id)s AND action = ANY(%(actions)s) AND claimed_bytes = ANY(%(names)s);
