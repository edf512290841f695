-- Merge the rows of one contact into its first row, as if applied from top to bottom.
WITH folded AS (
    SELECT min(line) AS line, {folded}
    FROM staged_contact
    WHERE identity IS NOT NULL
    GROUP BY identity
    HAVING count(*) > 1
)
UPDATE staged_contact AS s SET {assigned} FROM folded AS f WHERE s.line = f.line;
