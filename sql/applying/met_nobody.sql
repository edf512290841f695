-- Count the rows of a delete file that match no contact, and list the first of their lines.
WITH nobody AS (
    SELECT k.line FROM staged_key AS k WHERE NOT EXISTS (SELECT FROM target AS t WHERE t.key = k.key)
)
SELECT
    (SELECT count(*) FROM nobody) AS rows,
    ARRAY(SELECT line FROM nobody ORDER BY line LIMIT %(listed)s) AS lines;
