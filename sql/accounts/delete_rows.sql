-- Delete the rows of one table that belong to an account.
DELETE FROM {table} WHERE account_id = %(account_id)s;
