"""An account's folders below its FTP home. The only package that renames a deposit.

`spool.Spool` is the face: one class, made of a module per folder of the protocol. Other packages may
also import `home_pins` (which folder each home is; its table is `pins`), `place`, `inbox.Probe`, `unchanged`, `layout*` (the
tree, for `init`), `markers`, `settled`, `settled_files`, `folders.BOXES` and `unopened.FOLDER`.
"""
