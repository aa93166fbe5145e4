"""Parts of YAML that PyYAML does not give: where characters stand, and mistakes in plain words. Floor 1.

Files are read by `engine/source.py`.
"""
