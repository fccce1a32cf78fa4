"""The journal of a node: acts, register changes, reads and refusals, append-only and sealed.

Each record (a dossier, a register's entry) chains its own entries inside the transaction that makes them. Nothing
chains across records there: one head row per node would put every commit in one queue. A sealer numbers committed
entries without gaps afterwards and chains the *seals*. Feeds read sealed entries only.
"""
