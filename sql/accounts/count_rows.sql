-- Count the rows of one table that belong to an account.
SELECT count(*) AS rows FROM {table} WHERE account_id = %(account_id)s;
