#!/usr/bin/env bash
# Finds or builds the programs behind the Kubernetes API, and those that are named: `programs.sh helm charts`.
# It needs nothing but Python itself, so that building can begin before the set-up.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(tools/find-python.sh)
PYTHONPATH="$PWD/sandbox" exec "$python" -m kumo_sandbox.toolchain.command \
  kube-apiserver kube-controller-manager kube-scheduler kubectl etcd kwok "$@" >/dev/null
