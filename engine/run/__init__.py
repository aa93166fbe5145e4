"""What a run is made of beside its loop: what it reads and knows, how it is recorded, how it ends. Floor 4.

The loop itself is `engine/runner.py`.
"""
