#!/usr/bin/env bash
# Prints the path of a Python. Usage: find-python.sh [VERSION ...], such as 3.11; none is one for development, 3.12 or newer.
# Looks on PATH, under pyenv's versions, in /usr/local and /opt.
set -euo pipefail
[ $# -gt 0 ] || set -- 3.13 3.12 3.14
for version in "$@"; do
  for candidate in "python$version" python3 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$version".*/bin/python3 \
    /usr/local/bin/"python$version" /opt/*/bin/"python$version"; do
    # A shim of pyenv answers only for versions that are selected, so each candidate is asked.
    if "$candidate" -c 'import sys, venv; sys.exit("%d.%d" % sys.version_info[:2] != sys.argv[1])' "$version" \
      >/dev/null 2>&1; then
      "$candidate" -c 'import sys; print(getattr(sys, "_base_executable", sys.executable))'
      exit
    fi
  done
done
echo "no Python of $* was found: looked on PATH, under pyenv's versions, in /usr/local and /opt" >&2
exit 1
