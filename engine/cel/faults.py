"""What an operation raises when it has no result; whoever ran it knows where in the text that was. Floor 1."""

from __future__ import annotations


class Fault(Exception):
    """The operation has no result. Its text is the message."""
