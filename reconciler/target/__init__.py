"""The file that is kept in sync: read, compared, written whole or not at all."""
