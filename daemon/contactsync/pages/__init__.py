"""The pages that uploaders read: `verdict` and `answer` decide what they show, `html` writes them (protocol 10).

All but `html` is pure. A page is made of the content of a result.json, so it can be written again after a restart.
"""
