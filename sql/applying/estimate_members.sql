-- Estimate how many members the account's lists have, according to the planner.
EXPLAIN (FORMAT JSON) SELECT FROM contactsync.list_member WHERE account_id = %(account_id)s;
