"""What is counted and shown: the only importer of prometheus_client."""
