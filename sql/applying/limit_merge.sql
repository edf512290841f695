-- Limit each statement of the transaction to some seconds.
SELECT set_config('statement_timeout', %(seconds)s, true);
