"""What is: plain values, no I/O, no clock, no Docker SDK."""
