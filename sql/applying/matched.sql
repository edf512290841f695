-- Count the matched contacts that the file changes, and select between which ids all matched contacts are.
SELECT
    count(*) FILTER (WHERE differs) AS differing,
    min(contact_id)                 AS matched_first,
    max(contact_id)                 AS matched_last
FROM target;
