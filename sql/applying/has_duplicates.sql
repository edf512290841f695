-- Check whether any contact occurs in the file more than once.
-- Sorting is faster than hashing: most files arrive sorted.
SELECT count(DISTINCT identity) < count(identity) AS doubled FROM staged_contact;
