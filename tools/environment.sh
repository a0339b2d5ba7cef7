#!/usr/bin/env bash
# Makes a second environment in .venv/environments, with the checkout in it as kumo.eks, and prints its folder.
# Usage: environment.sh NAME REQUIREMENT... (what `uv pip install` takes). An environment that is there already is kept.
set -euo pipefail
cd "$(dirname "$0")/.."
folder="$PWD/.venv/environments/$1"
shift
stamp="$folder/.requirements"
wanted=$(printf '%s\n' "$@" && cat sandbox/pyproject.toml)
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ]; then
  .venv/bin/uv venv -q --clear --python .venv/bin/python "$folder" >&2
  .venv/bin/uv pip install -q --python "$folder/bin/python" "$@" >&2
  site=$("$folder/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  mkdir -p "$site/ansible_collections/kumo"
  ln -sfn "$PWD" "$site/ansible_collections/kumo/eks"
  printf '%s' "$wanted" >"$stamp"
fi
printf '%s\n' "$folder"
