-- After how many milliseconds the server ends a statement of this session; 0 is never.
SELECT setting::bigint AS milliseconds FROM pg_settings WHERE name = 'statement_timeout';
