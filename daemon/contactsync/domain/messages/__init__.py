"""Every sentence that uploaders read, in French and English. Pure; imports the rest of `domain` only.

Tables of `text.Text`, by subject: `reasons` (with its six parts) refuse a file, `row_errors` reject a row, `warnings` (with three parts)
and `notes` accompany a file that was applied, `outcome_clauses` and `verdicts` head the answer, `page_words` and
`next_steps` are on its page. `sentence` and `outcome` put a sentence together from a table and the facts; `words`
makes its numbers, lines and dates.

To add a sentence, add one `Text` to the table of its subject; docs/uploaders.{fr,en}.md need its row.
"""
