"""The only road between nodes: signed, logged, purpose-bound messages.

`ask` wants an answer now and changes nothing; `send` is stored and forwarded, exactly once in effect. No code path
reaches another node's tables.
"""
