"""The settings: their types and defaults, where their values come from, and messages for bad ones.

Other packages may import `settings` (the class), `load`, `reload` and `database_url`.
"""
