-- Delete the opt-outs of these addresses that opt-ins have kept.
DELETE FROM contactsync.opt_out_before
WHERE account_id = %(account_id)s AND address = ANY(%(addresses)s::text[]);
