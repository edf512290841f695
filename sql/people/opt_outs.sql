-- Select the opt-outs of these addresses.
SELECT medium, address, origin, since, latest
FROM contactsync.opt_out
WHERE account_id = %(account_id)s AND address = ANY(%(addresses)s::text[])
ORDER BY medium, address;
