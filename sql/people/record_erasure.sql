-- Record that a person was erased, without any data of the person.
INSERT INTO contactsync.erasure (account_id, erased_at, contacts, reactions, consent_events, opt_outs_kept)
VALUES (%(account_id)s, %(now)s, %(contacts)s, %(reactions)s, %(consent_events)s, %(opt_outs_kept)s);
