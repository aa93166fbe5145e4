"""A simulated Lago and billing console on loopback: recorded scenarios, played as state machines. Floor 5."""
