"""The status page: what the program does and did, as a value, as JSON, and as a page that keeps itself up to date."""
