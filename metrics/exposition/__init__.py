"""How what is counted is shown: a registry's collector, and the small HTTP server."""
