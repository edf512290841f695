-- Estimate how many addresses are opted out, according to the planner.
EXPLAIN (FORMAT JSON) SELECT FROM contactsync.opt_out WHERE account_id = %(account_id)s AND medium = %(medium)s;
