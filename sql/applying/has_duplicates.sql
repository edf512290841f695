-- Whether any contact stands in the file more than once. Sorting beats hashing: files come sorted more often than not.
SELECT count(DISTINCT identity) < count(identity) AS doubled FROM staged_contact;
