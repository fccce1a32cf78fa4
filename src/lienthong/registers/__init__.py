"""Declared registers: the tables behind `catalogue/registers`, who may read them, how they change.

A register has one owner. Others read through `register.read` and ask for changes through `register.record`; both
give only what a right names.
"""
