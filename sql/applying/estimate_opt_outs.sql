-- How many addresses the planner believes to be opted out.
EXPLAIN (FORMAT JSON) SELECT FROM contactsync.opt_out WHERE account_id = %(account_id)s AND medium = %(medium)s;
