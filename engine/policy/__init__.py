"""Policies: rules in files over what a run has read, and the decision that they come to, with its explanation. Floor 3.

Pure: facts, parameters and a moment go in, a `Decision` comes out. Nothing here reads anything but policy files.
"""
