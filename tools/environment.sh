#!/usr/bin/env bash
# Makes a second environment in .venv/environments and prints its folder.
# Usage: environment.sh NAME PYTHON REQUIREMENT... (what `uv pip install` takes, `--group NAME` of pyproject.toml too; PYTHON is a path). An environment that is
# there already is kept. The collections amazon.aws and kubernetes.core of .venv are linked into one with ansible that lacks them,
# or those of another release of ansible: COLLECTIONS_OF=ansible==13.7.0.
set -euo pipefail
cd "$(dirname "$0")/.."
folder="$PWD/.venv/environments/$1"
python="$2"
shift 2
stamp="$folder/.requirements"
wanted=$(printf '%s\n' "$python" "${COLLECTIONS_OF:-}" "$@" && cat pyproject.toml sandbox/pyproject.toml "$0")
site_of() { "$1" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'; }
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ]; then
  .venv/bin/uv venv -q --clear --python "$python" "$folder" >&2
  .venv/bin/uv pip install -q --python "$folder/bin/python" "$@" >&2
  collections=$(site_of "$folder/bin/python")/ansible_collections
  source=$(site_of .venv/bin/python)
  if [ -n "${COLLECTIONS_OF:-}" ]; then
    source="$folder/collections"
    .venv/bin/uv pip install -q --no-deps --python .venv/bin/python --target "$source" "$COLLECTIONS_OF" >&2
  fi
  for name in amazon/aws kubernetes/core; do
    [ -d "${collections%/*}/ansible" ] || continue
    mkdir -p "$collections/${name%/*}"
    [ -e "$collections/$name" ] || ln -s "$source/ansible_collections/$name" "$collections/$name"
  done
  printf '%s' "$wanted" >"$stamp"
fi
printf '%s\n' "$folder"
