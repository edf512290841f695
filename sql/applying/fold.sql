-- Rows of one contact become the row that they amount to when applied from top to bottom; it takes the first line.
WITH folded AS (
    SELECT min(line) AS line, {folded}
    FROM staged_contact
    WHERE identity IS NOT NULL
    GROUP BY identity
    HAVING count(*) > 1
)
UPDATE staged_contact AS s SET {assigned} FROM folded AS f WHERE s.line = f.line;
