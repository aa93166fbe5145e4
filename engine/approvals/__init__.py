"""What a second person signed, and whether it suffices. Floor 3."""
