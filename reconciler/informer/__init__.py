"""List, watch, and inspect what changed: the store of what runs."""
