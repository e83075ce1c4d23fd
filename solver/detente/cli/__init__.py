"""The ``detente`` command.

Exit codes: 0 done; 1 the answer is "no" or incomplete where ``--assert`` asked for "yes"; 2 bad input, in one line.
"""

from detente.cli.app import app, main

__all__ = ["app", "main"]
