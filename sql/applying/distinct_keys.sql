-- How many different keys the file holds.
SELECT count(*) AS keys FROM (SELECT DISTINCT key FROM staged_key) AS k;
