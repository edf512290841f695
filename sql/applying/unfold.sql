-- Delete the rows that fold.sql has merged into the first one.
DELETE FROM staged_contact AS s
USING (
    SELECT identity, min(line) AS line FROM staged_contact WHERE identity IS NOT NULL GROUP BY identity
    HAVING count(*) > 1
) AS first
WHERE s.identity = first.identity AND s.line > first.line;
