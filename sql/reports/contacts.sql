-- Copy the rows of one report file: one row per contact, as of its last reaction (protocol 6).
COPY (
    SELECT {columns}
    FROM (
        SELECT DISTINCT ON (contact_id) *
        FROM contactsync.reaction
        WHERE
            account_id = %(account_id)s AND campaign_id = ANY (%(campaigns)s)
            AND occurred_at >= %(since)s AND occurred_at < %(until)s
            AND medium = %(medium)s AND kind = %(kind)s
        ORDER BY contact_id, occurred_at DESC, reaction_id DESC
    ) AS latest
    ORDER BY contact_id
) TO STDOUT WITH (FORMAT csv, DELIMITER %(separator)s)
