"""Finds out what would have made a refused file work (protocol 2). Runs only on the way to a refusal.

`refine` is the face; `malformed` collects what it needs while the rows are read.
"""
