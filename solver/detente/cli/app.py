"""Running the command: every error in the input becomes one line on standard error and an exit code."""

from __future__ import annotations

import sys

import typer

from detente.cli import commands
from detente.errors import DetenteError

app = typer.Typer(
    name="detente",
    help="Exact thresholds of patience, monitoring and trust at which agreements between rivals hold.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for command in commands.COMMANDS:
    app.command()(command)


def main() -> None:
    """Run the command; bad input is one line on standard error and exit code 2."""
    try:
        code = app(standalone_mode=False)
    except DetenteError as error:
        code = _complain(str(error))
    except typer.Exit as stop:
        code = stop.exit_code
    except (typer.Abort, KeyboardInterrupt):
        print("detente: interrupted", file=sys.stderr)
        code = 130
    except BrokenPipeError:
        sys.stderr.close()
        code = 0
    except Exception as error:
        # Usage errors: their class is click's or, from typer 0.20 on, typer's own copy of it.
        if not hasattr(error, "format_message"):
            raise
        code = _complain(error.format_message())
    raise SystemExit(code or 0)


def _complain(message: str) -> int:
    print("detente: " + " ".join(message.split()), file=sys.stderr)
    return 2
