"""Processes deposits: threads that take the accounts in turn (`pool`), and the story of one deposit (`pipeline`).

A worker's step runs `recovery` first, then `pipeline`; what either raises becomes a delay in `outcomes`. Only
`pipeline` and `apply` know all the steps: intake, spool, reading, applying, settled. The service may import `pool`,
`worker`, `pipeline`, `attempts` and `isolation`; the command line `result_json`, `returned` and `requeue`.
"""
