"""Attacks, one a line, each with the right answer beside it.

How to add one: what a hostile template may try is a line of a table in `test_templates.py`: the template, and what the
program says, or prints, instead. Whatever else a template can reach is walked by `test_reach.py`, and what the kernel
denies a template that found a way out is in `test_confinement.py`. The attack that you found gets its line before it is
mended; mend its kind, not the line, and name it in `docs/faults.md`.
"""
