"""Signatures by SSH keys, and the keys that they are held against. Floor 2."""
