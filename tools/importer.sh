#!/usr/bin/env bash
# Builds the tarball and lets Galaxy's importer judge it, in an environment of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
environment=$(tools/environment.sh importer "$PWD/.venv/bin/python" galaxy-importer 'ansible>=14.5,<15')
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
.venv/bin/python tools/build.py "$scratch/tarball"
cat >"$scratch/importer.cfg" <<CONFIG
[galaxy-importer]
RUN_ANSIBLE_TEST = False
RUN_ANSIBLE_DOC = True
CHECK_CHANGELOG = True
CHECK_REQUIRED_TAGS = True
CONFIG
cd "$scratch"
export PATH="$environment/bin:$PATH" GALAXY_IMPORTER_CONFIG="$scratch/importer.cfg"
python -m galaxy_importer.main --namespace kumo --output-path "$scratch" tarball/*.tar.gz
