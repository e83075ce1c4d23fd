"""Tokens of text formats: numbers, quoted strings and braces, each with its line."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from detente.errors import DetenteError, FormatError
from detente.exact.rational import to_fraction

TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([{},])|([^\s{},"]+)')
# A declared game larger than this is refused before anything is allocated.
MAX_ENTRIES = 20_000_000


class Token(NamedTuple):
    kind: str  # "string", "mark" or "word"
    text: str
    line: int


class Reader:
    """Reads one token after another; every error names the file and the line."""

    def __init__(self, text: str, path: str) -> None:
        self.path = path
        self.tokens: list[Token] = []
        line, at = 1, 0
        for match in TOKEN.finditer(text):
            between = text[at : match.start()]
            line += between.count("\n")
            if between.strip():
                raise FormatError(path, f"stray {between.strip()[:20]!r}", "closed quotes", line=line)
            if match[1] is not None:
                self.tokens.append(Token("string", re.sub(r"\\(.)", r"\1", match[1]), line))
            else:
                self.tokens.append(Token("mark", match[2], line) if match[2] else Token("word", match[3], line))
            line += match[0].count("\n")
            at = match.end()
        if text[at:].strip():
            raise FormatError(path, f"stray {text[at:].strip()[:20]!r}", "closed quotes", line=line)
        self.last_line = line
        self.position = 0

    def peek(self) -> Token:
        """The next token; kind "end" after the last."""
        if self.position < len(self.tokens):
            return self.tokens[self.position]
        return Token("end", "the end of the file", self.last_line)

    def take(self, kind: str, expected: str) -> Token:
        token = self.peek()
        if token.kind != kind:
            raise self.error(token, expected)
        self.position += 1
        return token

    def mark(self, text: str) -> None:
        token = self.peek()
        if (token.kind, token.text) != ("mark", text):
            raise self.error(token, f"'{text}'")
        self.position += 1

    def at_mark(self, text: str) -> bool:
        token = self.peek()
        return (token.kind, token.text) == ("mark", text)

    def skip_commas(self) -> None:
        while self.at_mark(","):
            self.position += 1

    def strings(self) -> list[str]:
        """A brace-enclosed list of quoted strings."""
        self.mark("{")
        found = []
        while not self.at_mark("}"):
            found.append(self.take("string", "a quoted name or '}'").text)
        self.mark("}")
        return found

    def whole(self, expected: str) -> int:
        token = self.take("word", expected)
        if not token.text.isdecimal() or len(token.text) > 9:
            raise self.error(token, expected)
        return int(token.text)

    def number(self) -> Fraction:
        token = self.take("word", "a number")
        try:
            return to_fraction(token.text, "number")
        except DetenteError as error:
            raise self.error(token, "a finite number such as 3, -0.5 or 2/3") from error

    def finish(self) -> None:
        token = self.peek()
        if token.kind != "end":
            raise self.error(token, "the end of the file")

    def error(self, token: Token, expected: str) -> FormatError:
        return FormatError(self.path, f"{token.text!r}"[:60], expected, line=token.line)

    def check_size(self, shape: list[int], players: int) -> None:
        """Refuse games that are empty or declared too large."""
        entries = players
        for m in shape:
            entries *= m
        if not shape or min(shape) < 1 or entries > MAX_ENTRIES or len(shape) > 60:
            size = "×".join(map(str, shape)) or "no players"
            expected = f"at least one strategy a player and at most {MAX_ENTRIES} payoffs"
            raise FormatError(self.path, f"a game of size {size[:40]}", expected, line=self.peek().line)
