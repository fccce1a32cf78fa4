"""A believable country for trying things out: people, homes, papers and officers who do not exist.

Deterministic by seed. Loaded into the nodes' own databases before they open; never used by a production node.
"""
