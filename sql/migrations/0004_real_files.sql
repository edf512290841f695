-- How an account's files are recognised: their separator, and headers that are not the protocol's.
-- An older daemon may go on beside this: it names its columns, and nothing changes until an account uses them.

SET LOCAL search_path TO contactsync;

ALTER TABLE account DROP CONSTRAINT account_separator_check;
ALTER TABLE account
    ADD CONSTRAINT account_separator_check CHECK (separator IN (';', ',', '|', E'\t', 'auto')),
    -- 'known': headers of widely used programs are recognised; 'protocol': only those of the protocol.
    ADD COLUMN headers    text NOT NULL DEFAULT 'known' CHECK (headers IN ('known', 'protocol')),
    -- Headers of the account's own, each as 'Portable=Mobile'; the first that a file has wins.
    ADD COLUMN header_map text[] NOT NULL DEFAULT '{}' CHECK (array_position(header_map, NULL) IS NULL);
