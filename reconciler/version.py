"""The program's version. pyproject.toml reads it from here when the distribution is built."""

VERSION = "1.0.0"
