"""Which column each header of a file means (protocol 2). Pure; imports `domain` only.

`names` compares headers and has the protocol's names and the account's, `table` has the headers of other programs,
`lookup` finds a header in that table, `titles` recognises civilities, `match` puts a header line together, and
`unknown` describes the headers that mean no column. To recognise one more header, add one line to `table`.
"""
