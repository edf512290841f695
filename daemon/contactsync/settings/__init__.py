"""The settings: what each may be, where they come from, and the sentence for a wrong one.

Other packages may import `settings` (the class), `load`, `reload` and `database_url`.
"""
