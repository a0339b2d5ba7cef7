# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/iam-policy.json: the IAM policy of a first cluster, from the calls that its runs were seen to make.

Usage: iam_policy.py [FILE]. It plans, makes and removes the cluster of docs/examples/cluster-config.yaml on a sandbox, as the
README tells it, and writes down what was called.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from kumo_sandbox import Sandbox
from kumo_sandbox.recorder import policy

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "docs" / "examples" / "cluster-config.yaml"
TARGET = ROOT / "docs" / "iam-policy.json"
RUNS = (("site", "--check", "--diff"), ("site",), ("teardown",))


def recorded() -> list[dict[str, object]]:
    """The calls of the three runs, as the sandbox's recorder gives them."""
    playbook = str(Path(sys.executable).with_name("ansible-playbook"))
    with tempfile.TemporaryDirectory() as home, Sandbox(speed="instant", kubernetes=False) as sandbox:
        for name, *words in RUNS:
            print(f"{name} {' '.join(words)} ...", file=sys.stderr, flush=True)
            subprocess.run(
                [playbook, f"kumo.eks.{name}", "-e", f"eks_cluster_config={CONFIG}", *words],
                env={**os.environ, **sandbox.env, "ANSIBLE_HOME": home},
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr,
                check=True,
            )
        return sandbox.calls()


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    target.write_text(json.dumps(policy(recorded()), indent=2) + "\n")
    print(f"{target} is written.")
