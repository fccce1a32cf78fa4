"""Tools without domain words: clock, working time, identifiers, signatures, storage, the look of pages.

Nothing here knows what a dossier, a register or a citizen is.
"""
