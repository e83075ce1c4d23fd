"""Typed exceptions: every refusal names the argument, the value it had, and what would be valid.

All are :class:`ValueError`, so callers who know nothing of this package can still catch them. The command line
prints ``str(error)`` as its one line.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class DetenteError(ValueError):
    """Base of all errors that détente raises about its input.

    >>> raise DetenteError("discount", 1.5, "a number in [0, 1)")
    Traceback (most recent call last):
    ...
    detente.errors.DetenteError: discount: got 1.5; expected a number in [0, 1)
    """

    def __init__(self, argument: str, value: object, expected: str) -> None:
        self.argument = argument
        self.value = value
        self.expected = expected
        super().__init__(f"{argument}: got {_short(value)}; expected {expected}")


class PayoffError(DetenteError):
    """Payoffs that are not a finite, rectangular array of real numbers."""


class ParameterError(DetenteError):
    """A parameter outside its range, or of the wrong kind."""


class ProfileError(DetenteError):
    """A strategy profile that does not fit its game."""


class AgreementError(DetenteError):
    """An automaton with missing moves, unknown states, or acts that its game does not have."""


class LabelError(DetenteError):
    """A name that is not among the known ones; the closest known name is suggested.

    >>> raise LabelError("action", "Relaxx", ["Relax", "Restrict"])
    Traceback (most recent call last):
    ...
    detente.errors.LabelError: action: got 'Relaxx'; expected one of 'Relax', 'Restrict' (did you mean 'Relax'?)
    """

    def __init__(self, argument: str, value: object, known: Iterable[object]) -> None:
        from difflib import get_close_matches  # slow to import, and only needed here

        self.known = tuple(known)
        names = [str(k) for k in self.known]
        expected = "one of " + ", ".join(repr(n) for n in names[:12]) + (", …" if len(names) > 12 else "")
        near = get_close_matches(str(value), names, n=1)
        super().__init__(argument, value, expected + (f" (did you mean {near[0]!r}?)" if near else ""))


class FormatError(DetenteError):
    """A malformed file: names the file, and the line or the key at fault."""

    def __init__(
        self,
        path: str | Path,
        problem: str,
        expected: str,
        *,
        line: int | None = None,
        key: str | None = None,
    ) -> None:
        self.path, self.line, self.key = str(path), line, key
        where = str(path) + (f":{line}" if line is not None else "") + (f" [{key}]" if key else "")
        super().__init__(where, problem, expected)
        self.args = (f"{where}: {problem}; expected {expected}",)


class UnsupportedError(DetenteError):
    """A well-formed question that this version does not answer."""


class CertificateError(DetenteError):
    """``verify()`` found an answer that its certificate does not support."""


def _short(value: object, limit: int = 120) -> str:
    try:
        text = repr(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    return text if len(text) <= limit else text[: limit - 1] + "…"
