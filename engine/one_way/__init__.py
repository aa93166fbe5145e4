"""A call that cannot be undone: where its target stands, the call and its ruling, and what follows. Floor 4."""
