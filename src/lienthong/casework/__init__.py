"""Casework: the life of a dossier. Start reading at journey.py.

A dossier's history is a list of acts in the journal; its status is derived from them by one function (states.apply)
and the columns of its row are a projection written together with each act.
"""
