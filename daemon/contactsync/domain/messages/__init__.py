"""Every sentence that uploaders read, in French and English.

`reasons` refuse a whole file, `row_errors` reject a row or drop a value, `sentence` fills the blanks.
"""
