-- Join by hash until the transaction ends: the planner knows nothing yet of what was kept, and a nested loop over a
-- quarter of a million contacts may take hours.
SELECT set_config('enable_nestloop', 'off', true);
