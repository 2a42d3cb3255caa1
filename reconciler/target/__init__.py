"""The file that is kept true: read, compared, written whole or not at all."""
