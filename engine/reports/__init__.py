"""What renderers are handed to draw, as plain values. Floor 0."""
