#!/usr/bin/env bash
# Makes .venv and the sandbox's programs side by side: the set-up waits for downloads while kube-apiserver is built.
# Usage: prepare.sh [PROGRAM ...]: programs beside those of the control plane and kubectl; `charts` is the chart repository,
# `chromium` a browser with the checks of accessibility.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"

tools/programs.sh "$@" &
building=$!
trap 'kill "$building" 2>/dev/null || true' EXIT
tools/setup.sh
wait "$building"
trap - EXIT
