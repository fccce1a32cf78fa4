"""The catalogue: services, forms, processes, registers and rights as data, in revisions named by their content.

Reads the folder `catalogue/` and refuses what does not hold together. Knows no dossier and no database.
"""
