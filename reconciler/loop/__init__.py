"""The work queue, the pass, and the life of the process."""
