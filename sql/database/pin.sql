-- Set this session's settings, and return the server process that runs it.
-- Everything is qualified: the database's own search_path still applies.
SELECT
    pg_catalog.set_config(pinned.name, pinned.value, false),
    pg_catalog.pg_backend_pid() AS pid
FROM ROWS FROM (
    pg_catalog.unnest(%(names)s::pg_catalog.text []),
    pg_catalog.unnest(%(values)s::pg_catalog.text [])
) AS pinned (name, value);
