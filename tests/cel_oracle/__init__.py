"""Google's CEL as an oracle: random typed expressions, its outcome of each beside ours, and a recorded corpus of them.

`DIFFERENCES.md` says how to ask it and what may differ.
"""
