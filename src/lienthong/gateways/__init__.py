"""Outside speakers: systems that do not run a node, each in the language it has, mapped onto the exchange's two verbs.

A gateway adds no right: what an outside system may do is a right of the register's owner like any other. Read `calls`
first (what every language shares), then `door`, then one language; `callers` is where a call becomes a question. Two
modules go the other way: `upstream` asks a population database outside, `xroad_asking` services of X-Road.
"""
