#!/usr/bin/env bash
# Builds the documentation site and checks it: docs.sh [--serve]. Sphinx and its theme are in an environment of their own.
set -euo pipefail
cd "$(dirname "$0")/.."
environment=$(tools/environment.sh docs "$PWD/.venv/bin/python" --group docs)
export PYTHONPYCACHEPREFIX="$PWD/.venv/compiled"
unset PYTHONDONTWRITEBYTECODE
exec "$environment/bin/python" tools/docs_site/build.py "$@"
