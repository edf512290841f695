-- How many contacts the planner believes the account to have.
EXPLAIN (FORMAT JSON) SELECT FROM contactsync.contact WHERE account_id = %(account_id)s;
