-- Estimate how many contacts the account has, according to the planner.
EXPLAIN (FORMAT JSON) SELECT FROM contactsync.contact WHERE account_id = %(account_id)s;
