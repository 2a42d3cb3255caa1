"""Options, environment and what they mean."""
