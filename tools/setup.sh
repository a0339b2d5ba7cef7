#!/usr/bin/env bash
# Makes .venv: finds a Python 3.12 or newer (also under pyenv), gets uv, installs what pyproject.toml lists and
# links the checkout into it as the collection kumo.eks. Does nothing when all of that is up to date.
set -euo pipefail
cd "$(dirname "$0")/.."
cache="${XDG_CACHE_HOME:-$HOME/.cache}/kumo-eks"
stamp=.venv/.kumo-setup
key=$(cat pyproject.toml sandbox/pyproject.toml "$0" tools/find-python.sh | sha256sum | cut -d' ' -f1)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$key" ]; then exit 0; fi
say() { printf 'set-up: %s\n' "$*" >&2; }

python=$(tools/find-python.sh)
say "Python: $python"
if command -v uv >/dev/null 2>&1; then
  uv=uv
else
  uv="$cache/uv/bin/uv"
  if ! "$uv" --version >/dev/null 2>&1; then # absent, or left half installed by a run that was stopped
    say "getting uv into $cache/uv"
    mkdir -p "$cache"
    rm -rf "$cache/uv"
    "$python" -m venv "$cache/uv"
    "$cache/uv/bin/python" -m pip install -q --disable-pip-version-check uv
  fi
fi
[ -x .venv/bin/python ] || "$uv" venv -q --allow-existing --python "$python" .venv
say "installing what pyproject.toml lists into .venv"
"$uv" pip install -q --python .venv/bin/python --group dev -e ./sandbox
site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
mkdir -p "$site/ansible_collections/kumo"
ln -sfn "$PWD" "$site/ansible_collections/kumo/eks"
printf '%s' "$key" >"$stamp"
say "done"
