"""The schema of scenario, fact and move files. Documented for users in ``games/us-china/README.md``."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from detente.errors import FormatError
from detente.exact.rational import to_fraction


def _exact(value: Any) -> Any:
    """TOML numbers and "p/q" strings, as Fractions; booleans, NaN and infinities are refused."""
    if isinstance(value, int | Decimal | str) and not isinstance(value, bool):
        return to_fraction(value, "number")
    raise ValueError("a finite number or a string such as '3/4' is needed")


def _calendar_date(text: str) -> str:
    date.fromisoformat(text)
    return text


MAX_ISSUES = 4
Number = Annotated[Any, BeforeValidator(_exact)]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Date = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(_calendar_date)]
Basis = Literal["sourced", "judgement", "unverified"]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FactModel(Model):
    """One sourced number."""

    id: Text
    value: Number
    unit: Text
    low: Number
    high: Number
    as_of: Text
    source: Text
    confidence: Literal["high", "medium", "low"]
    basis: Basis
    note: str = ""

    @model_validator(mode="after")
    def _ordered(self) -> FactModel:
        if not self.low <= self.value <= self.high:
            raise ValueError("low ≤ value ≤ high is needed")
        return self


class MoveModel(Model):
    """One dated move."""

    date: Date
    actor: Literal["US", "China", "both"]
    move: Literal["restrict", "license", "relax"]
    direction: Literal["tighten", "ease"]
    level: Annotated[int, Field(strict=True, ge=0, le=2)]
    instrument: Text
    issue: Text
    source: Text
    confidence: Literal["high", "medium", "low"]
    basis: Basis


class QuantityModel(Model):
    """A central value with its range, and what it rests on: facts, or a judgement that says why."""

    central: Number
    low: Number
    high: Number
    label: str = ""
    unit: str = ""
    facts: tuple[Text, ...] = ()
    judgement: Annotated[str, StringConstraints(strip_whitespace=True)] = ""

    @model_validator(mode="after")
    def _supported(self) -> QuantityModel:
        if not self.low <= self.central <= self.high:
            raise ValueError("low ≤ central ≤ high is needed")
        if not self.facts and not self.judgement:
            raise ValueError("facts, or a judgement that says why, are needed")
        return self


class ProbabilityModel(QuantityModel):
    @model_validator(mode="after")
    def _probability(self) -> ProbabilityModel:
        if self.low < 0 or self.high > 1:
            raise ValueError("a range within [0, 1] is needed")
        return self


class DiscountModel(ProbabilityModel):
    @model_validator(mode="after")
    def _below_one(self) -> DiscountModel:
        if self.high >= 1:
            raise ValueError("a range within [0, 1) is needed")
        return self


class EnvironmentModel(Model):
    period: Text
    discount: DiscountModel
    breakdown: ProbabilityModel
    noise: ProbabilityModel
    trust: dict[str, ProbabilityModel]


class AgreementModel(Model):
    """A named agreement with its parameters, or an automaton written out (``default`` stands for any other outcome)."""

    kind: Literal[
        "grim_trigger",
        "limited_punishment",
        "carrot_and_stick",
        "win_stay_lose_shift",
        "tit_for_tat",
        "contrite_tit_for_tat",
        "unconditional",
        "automaton",
    ]
    name: str = ""
    length: Annotated[int, Field(strict=True, ge=1, le=255)] | None = None
    profile: tuple[str, ...] | None = None
    play: dict[str, tuple[str, ...]] | None = None
    move: dict[str, dict[str, str]] | None = None
    start: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> AgreementModel:
        needed = {"limited_punishment": ["length"], "unconditional": ["profile"], "automaton": ["play", "move"]}
        for field in needed.get(self.kind, []):
            if getattr(self, field) is None:
                raise ValueError(f"kind {self.kind!r} needs {field!r}")
        return self


class FormulasModel(Model):
    T: Text
    R: Text
    P: Text
    S: Text


class OutcomesModel(Model):
    """A player's payoffs on one issue."""

    T: Number
    R: Number
    P: Number
    S: Number


class IssueModel(Model):
    """Another issue between the same players that could be linked: T, R, P and S for each, and why."""

    name: Text
    outcomes: dict[str, OutcomesModel]
    confidence: Literal["high", "medium", "low"]
    judgement: Text


class ScenarioModel(Model):
    """A scenario written out in full; ``extends`` has been resolved before this is read."""

    title: Text
    question: Text
    as_of: Text
    stylised: Text
    unit: Text
    players: Annotated[tuple[Text, ...], Field(min_length=2, max_length=2)]
    actions: Annotated[tuple[Text, ...], Field(min_length=2, max_length=2)]
    formulas: FormulasModel
    components: dict[str, dict[str, QuantityModel]]
    environment: EnvironmentModel
    agreements: Annotated[tuple[AgreementModel, ...], Field(min_length=1)]
    issues: Annotated[tuple[IssueModel, ...], Field(max_length=MAX_ISSUES)] = ()

    @model_validator(mode="after")
    def _players_match(self) -> ScenarioModel:
        for where, labels in (("players", self.players), ("actions", self.actions)):
            if len(set(labels)) < len(labels):
                raise ValueError(f"{where} need different names")
        if len({issue.name for issue in self.issues}) < len(self.issues):
            raise ValueError("issues need different names")
        tables: list[tuple[str, dict[str, Any]]] = [
            ("components", self.components),
            ("environment.trust", self.environment.trust),
            *((f"issues.{k}.outcomes", issue.outcomes) for k, issue in enumerate(self.issues)),
        ]
        for where, names in tables:
            if set(names) != set(self.players):
                raise ValueError(f"{where} must be given for exactly the players {list(self.players)}")
        return self


class ChangeModel(Model):
    """What an extending scenario changes in one component, and why."""

    central: Number
    low: Number | None = None
    high: Number | None = None
    why: Text
    facts: tuple[Text, ...] = ()


M = TypeVar("M", bound=BaseModel)


def validated(model: type[M], data: Any, path: Path | str, prefix: str = "") -> M:
    """``data`` as a ``model``; the first fault as a one-line :class:`~detente.errors.FormatError`."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in (prefix, *first["loc"]) if part != "")
        message = first["msg"].removeprefix("Value error, ")
        whole = first["type"] == "missing" or isinstance(first["input"], dict)  # a table is too long to quote
        got = "" if whole else f" (got {str(first['input'])[:60]!r})"
        expected = f"a file as games/us-china/README.md describes; {error.error_count()} fault(s) in all"
        raise FormatError(path, f"{message}{got}", expected, key=key or None) from error
