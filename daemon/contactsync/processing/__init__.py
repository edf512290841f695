"""Works on deposits: threads that take the accounts in turn, and one deposit's story in `pipeline`.

Only `pipeline` knows all the steps: intake, spool, reading, applying, settled. The service may
import `pool`, `worker`, `pipeline` and `isolation`; the command line `result_json` and `requeue`.
"""
