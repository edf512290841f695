"""contactsync: contact files from an FTP tree, applied to PostgreSQL once each."""

__version__ = "0.1.0"
