"""Notices uploads and decides when one may be claimed.

The service and `processing` call it. Other packages may import `watch` (events), `rescan` (the truth
behind the events) and `upload_queue` (one account's uploads, in order of deposit date). It renames
nothing and opens no file: it asks the spool.
"""
