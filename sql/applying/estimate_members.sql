-- How many members the planner believes the account's lists to have.
EXPLAIN (FORMAT JSON) SELECT FROM contactsync.list_member WHERE account_id = %(account_id)s;
