-- Count the distinct keys in the file.
SELECT count(*) AS keys FROM (SELECT DISTINCT key FROM staged_key) AS k;
