#!/usr/bin/env bash
# Prints the path of a Python. Usage: find-python.sh [VERSION ...], such as 3.12; none is the newest that has 3.12's features.
# Looks on PATH, under pyenv's versions, in /usr/local and /opt.
set -euo pipefail
[ $# -gt 0 ] || set -- 3.13 3.12 3.14 3
for version in "$@"; do
  for candidate in "python$version" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$version".*/bin/python3 \
    /usr/local/bin/"python$version" /opt/*/bin/"python$version"; do
    # A shim of pyenv answers only for versions that are selected, so each candidate is asked.
    if "$candidate" -c 'import sys, venv; sys.exit(sys.version_info < (3, 12) or not sys.version.startswith(sys.argv[1]))' \
      "$version" >/dev/null 2>&1; then
      "$candidate" -c 'import sys; print(getattr(sys, "_base_executable", sys.executable))'
      exit
    fi
  done
done
echo "no Python $* (3.12 or newer) was found: looked on PATH, under pyenv's versions, in /usr/local and /opt" >&2
exit 1
