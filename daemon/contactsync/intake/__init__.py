"""Notices uploads and decides when one may be claimed.

Called by the service and by `processing`. Other packages may import `watch` (events), `rescan` (the
truth behind the events) and `upload_queue` (one account's deposits, in order of deposit date).
It renames nothing: it asks the spool to.
"""
