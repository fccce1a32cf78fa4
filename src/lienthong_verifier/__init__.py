"""Checks evidence files and journals of lienthong without lienthong: Python's own library and `cryptography`.

    python -m lienthong_verifier FILE…

It opens no network connection and reads nothing but the files it is given. What it trusts are the public keys of a
directory: one given with `--directory`, or the one inside the file, whose fingerprint it prints for comparison.
"""

__version__ = "1"
