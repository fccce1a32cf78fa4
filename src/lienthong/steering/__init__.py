"""What the public and the leadership see of the exchange: which databases are in step, who asked whom for what.

Every figure is asked of the node it is about, and opens to how it was measured.
"""
