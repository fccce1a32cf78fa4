"""Units and their codes through time: communes, the province above them, hospitals that stand in them.

Knows places, never who works there: agencies and officers belong to other rooms.
"""
