-- Whether any contact stands in the file more than once.
SELECT EXISTS (
    SELECT FROM staged_contact WHERE identity IS NOT NULL GROUP BY identity HAVING count(*) > 1
) AS doubled;
