"""How it reads: state in, text out. The only importer of jinja2."""
