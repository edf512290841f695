"""The operating system: clocks, system calls without a Python wrapper, directories, threads.

Every package may import it, except `kernel`: only the spool, `reports.folder` and `cli.doctor.host`
rename, lock and take leases.
"""
