-- Where a deposit is in progress: the identity of ftp_root and of the folder on/ (device, inode, file system, boot).
--
-- Only who sees that folder may decide that a deposit has vanished: another one may be an empty mount point.
-- Null: the deposit began before this migration.

ALTER TABLE contactsync.deposit ADD COLUMN place jsonb;
