"""Where settings come from: all that there are, the texts of them, keys, and what `runbook config` says. Floor 2.

What they are worth together is `engine/settings.py`.
"""
