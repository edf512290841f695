-- Select every account with the columns that the daemon and the CLI use.
SELECT account_id, name, home, unix_user, unix_group, separator, dedup, field_labels, region, time_zone, encoding,
       blank_cells, phone_check, syntax_errors, language, headers, header_map, date_order, disabled_at,
       settle_seconds, grace_seconds, repeats, max_removals, max_removal_percent, revision
FROM contactsync.account
ORDER BY name;
