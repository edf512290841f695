-- Select those of the given names that belong to deposits, with the deposits' states.
SELECT claimed_bytes, state
FROM contactsync.deposit
WHERE account_id = %(account_id)s AND action = ANY(%(actions)s) AND claimed_bytes = ANY(%(names)s);
