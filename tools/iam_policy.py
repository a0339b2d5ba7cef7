# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the IAM policies in docs from the calls that runs of the playbooks were seen to make.

Usage: iam_policy.py [FOLDER]. Each cluster is planned, created, run again unchanged and deleted on a sandbox, as in the README: that of
docs/examples/cluster-config.yaml for iam-policy.json, and that of docs/examples/identities.yaml for iam-policy-identities.json,
which holds what comes beside the first.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from kumo_sandbox import Sandbox
from kumo_sandbox.recorder import build_policy, build_policy_beside

DOCS = Path(__file__).resolve().parent.parent / "docs"
CONFIG = f"eks_cluster_config={DOCS / 'examples/cluster-config.yaml'}"
IDENTITIES = f"@{DOCS / 'examples/identities.yaml'}"
SPEED = 300  # of the clock, so that the calls of waits are seen
CONFIRMED = "eks_teardown_confirm=my-cluster"
RUNS = (("site", "--check", "--diff"), ("site",), ("site",), ("teardown",))


def recorded(variables: str, kubernetes: bool) -> dict[str, object]:
    """The policy of these runs.

    Args:
        variables: what -e gets.
        kubernetes: whether something is written in the cluster.
    """
    playbook = str(Path(sys.executable).with_name("ansible-playbook"))
    with tempfile.TemporaryDirectory() as home, Sandbox(speed=SPEED, kubernetes=kubernetes) as sandbox:
        neighbour(sandbox)
        for name, *words in RUNS:
            print(f"{name} {' '.join(words)} -e {variables} ...", file=sys.stderr, flush=True)
            subprocess.run(
                [playbook, f"kumo.eks.{name}", "-e", variables, "-e", CONFIRMED, *words],
                env={**os.environ, **sandbox.env, "ANSIBLE_HOME": home},
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr,
                check=True,
            )
        return build_policy(sandbox.calls())


def neighbour(sandbox: Sandbox) -> None:
    """The OIDC provider of another cluster, as there is in most accounts: a removal looks whose the providers are."""
    issuer = "https://oidc.eks.ap-northeast-1.amazonaws.com/id/NEIGHBOUR"
    sandbox.client("iam").create_open_id_connect_provider(Url=issuer, ClientIDList=["sts.amazonaws.com"])
    sandbox.recorder.clear()


def write(path: Path, document: dict[str, object]) -> None:
    path.write_text(json.dumps(document, indent=2) + "\n")
    print(f"{path} is written.")


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS
    first = recorded(CONFIG, kubernetes=False)
    write(folder / "iam-policy.json", first)
    write(folder / "iam-policy-identities.json", build_policy_beside(recorded(IDENTITIES, kubernetes=True), first))
