"""Plain values: what runs, what it is called, what changed. No I/O, no clock, no Docker SDK."""
