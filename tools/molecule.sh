#!/usr/bin/env bash
# Runs molecule's scenarios against a sandbox of their own. Usage: molecule.sh [SCENARIO ...]; none is all of them.
# Each scenario must leave the account as it found it.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
scratch=$(mktemp -d)
export KUMO_SANDBOX_STATE="$scratch/sandbox" ANSIBLE_HOME="$scratch/ansible" ANSIBLE_LOCALHOST_WARNING=false
trap 'kumo-sandbox down >/dev/null; rm -rf "$scratch"' EXIT
kumo-sandbox up --speed 300
eval "$(kumo-sandbox env)"
helm=$(kumo-sandbox binaries helm | cut -f2)
KUMO_CHARTS=$(kumo-sandbox charts)
PATH="$(dirname "$helm"):$PATH"
export KUMO_CHARTS
export HELM_CONFIG_HOME="$scratch/helm/config" HELM_CACHE_HOME="$scratch/helm/cache" HELM_DATA_HOME="$scratch/helm/data"
[ $# -gt 0 ] || mapfile -t scenarios < <(cd extensions/molecule && dirname -- */molecule.yml)
[ $# -gt 0 ] || set -- "${scenarios[@]}"
# molecule says "Successful" of a failed idempotence: its exit code is what counts.
# shellcheck disable=SC2016 # the inner bash expands them
.venv/bin/python tests/support/warm.py bash -c '
  for scenario in "$@"; do
    python tests/support/leaves_nothing.py molecule test -s "$scenario" || exit
    echo "molecule scenario $scenario: passed"
  done' molecule "$@"
