"""What importing costs, which way imports point, and that files agree with one another."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import detente as dt

ROOT = Path(__file__).parents[2]
HEAVY = ("numba", "matplotlib", "pandas", "dask", "xarray", "nashpy", "scipy", "pydantic", "rich", "typer", "jinja2")


def test_importing_loads_nothing_heavy() -> None:
    code = f"import sys, detente; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_solving_exactly_needs_no_compiled_kernel_and_no_plots() -> None:
    code = """if True:
        import sys, detente
        detente.solve("london-2025")
        print([m for m in ("numba", "matplotlib") if m in sys.modules])"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_imports_point_one_way() -> None:
    script = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([str(script)], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout


def test_versions_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == dt.__version__
    assert f"version: {dt.__version__}" in (ROOT / "CITATION.cff").read_text()
    assert f"## {dt.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_public_names_exist_and_are_documented() -> None:
    for name in dt.__all__:
        thing = getattr(dt, name)
        assert name == "__version__" or (thing.__doc__ or "").strip(), name
