"""Measures of the whole country in a box, and the driver that the stories share: real processes, real HTTP.

Every measure starts a country of its own on free ports of this machine, and removes it. Nothing here runs in a node.
"""
