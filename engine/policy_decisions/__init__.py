"""What policies decide of a run, what a person may lift, and past decisions looked at again. Floor 4."""
