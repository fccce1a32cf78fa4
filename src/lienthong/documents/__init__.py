"""Papers: typeset, sealed, kept and verified. A paper says what a dossier already decided; it decides nothing.

    typesetting   facts and a template become a PDF/A
    sealing       the agency's signature inside it (PAdES); stamping: the time-stamp of it
    papers        made once, kept byte for byte, replaced when the facts change, revoked when they fall away

The room knows no dossier: casework gathers the facts. Attached papers of citizens lie here too (attachments).
"""
