#!/usr/bin/env bash
# Build the wheel, install it into a clean environment outside the checkout, and use it there with its games.
set -euo pipefail
python=${PYTHON:-python3}
here=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }; }
echo "Building the wheel …"
quietly "$python" -m pip --disable-pip-version-check wheel --quiet --no-deps --wheel-dir "$work" "$here"
echo "Installing it into a clean environment …"
quietly "$python" -m venv "$work/venv"
quietly "$work/venv/bin/python" -m pip --disable-pip-version-check install --quiet "$work"/detente-*.whl
cp "$here/tests/packaging/wheel_smoke.py" "$work/smoke.py"
cd "$work"
"$work/venv/bin/python" "$work/smoke.py"
"$work/venv/bin/detente" report london-2025 --out "$work/out" >/dev/null
test -s "$work/out/london-2025.html"
echo "The wheel works outside the checkout."
