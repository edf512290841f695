"""What makes a single value valid and how it is stored: e-mail addresses, phone numbers, dates.

Each module judges a whole column at once: patterns for the plain values, a library for the rest.
"""
