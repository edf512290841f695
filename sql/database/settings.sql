-- List all settings of this session: value, as SHOW writes it, built-in default, and where the value comes from.
SELECT
    s.name,
    s.setting,
    pg_catalog.current_setting(s.name) AS shown,
    s.boot_val,
    s.source
FROM pg_catalog.pg_settings AS s;
