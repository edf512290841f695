-- Count the addresses that stay opted out, and list the first of their lines.
SELECT
    (SELECT count(*) FROM target WHERE differs) AS addresses,
    ARRAY(
        SELECT k.line FROM staged_key AS k WHERE k.key IN (SELECT key FROM target WHERE differs)
        ORDER BY k.line
        LIMIT %(listed)s
    ) AS lines;
