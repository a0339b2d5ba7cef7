# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""site.yml and teardown.yml, run as a user runs them, against a sandbox at once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kumo_sandbox import Sandbox

CONFIG = Path(__file__).parents[2] / "docs/examples/cluster-config.yaml"
PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")


@pytest.fixture
def play(sandbox: Sandbox, tmp_path: Path):
    """Run a playbook of the collection: play("site", "--check") -> (what is in its recap, its output)."""

    def run(name: str, *args: str, config: Path = CONFIG) -> tuple[dict[str, int], str]:
        command = [str(PLAYBOOK), f"kumo.eks.{name}", "-e", f"eks_cluster_config={config}", *args]
        env = {**os.environ, "ANSIBLE_HOME": str(tmp_path), "ANSIBLE_NOCOLOR": "1"}
        done = subprocess.run(
            command, env=env, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        output = done.stdout + done.stderr
        recap = output.partition("PLAY RECAP")[2]
        return {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", recap)}, output

    return run


def made_by(sandbox: Sandbox) -> dict[str, list[str]]:
    """What of a cluster there is in the account."""
    ec2, iam, eks = sandbox.client("ec2"), sandbox.client("iam"), sandbox.client("eks")
    own = [{"Name": "is-default", "Values": ["false"]}]
    nat = ec2.describe_nat_gateways()["NatGateways"]
    return {
        "clusters": eks.list_clusters()["clusters"],
        "vpcs": [row["VpcId"] for row in ec2.describe_vpcs(Filters=own)["Vpcs"]],
        "nat": [row["NatGatewayId"] for row in nat if row["State"] != "deleted"],
        "addresses": [row["AllocationId"] for row in ec2.describe_addresses()["Addresses"]],
        "templates": [row["LaunchTemplateName"] for row in ec2.describe_launch_templates()["LaunchTemplates"]],
        "roles": [row["RoleName"] for row in iam.list_roles()["Roles"] if "/aws-service-role/" not in row["Path"]],
    }


def test_the_guide_comes_up_stays_as_it_is_and_goes_without_a_trace(sandbox, play):
    before = made_by(sandbox)
    recap, output = play("site")
    assert recap.get("failed") == 0, output
    eks = sandbox.client("eks")
    assert eks.describe_cluster(name="my-cluster")["cluster"]["version"] == "1.29"
    assert sorted(eks.list_nodegroups(clusterName="my-cluster")["nodegroups"]) == ["general-purpose", "spot-workers"]
    assert eks.list_fargate_profiles(clusterName="my-cluster")["fargateProfileNames"] == ["default"]
    assert len(made_by(sandbox)["nat"]) == 3

    recap, output = play("site")
    assert (recap.get("failed"), recap.get("changed")) == (0, 0), output

    recap, output = play("teardown")
    assert recap.get("failed") == 0, output
    assert made_by(sandbox) == before


def test_check_mode_on_an_empty_account_is_a_plan(sandbox, play):
    before = made_by(sandbox)
    recap, output = play("site", "--check", "--diff")
    assert recap.get("failed") == 0, output
    assert recap["changed"] > 0
    assert "general-purpose" in output and "10.0.0.0/19" in output
    assert made_by(sandbox) == before


def test_a_file_that_cannot_be_used_is_refused_before_anything_is_sent(sandbox, play, tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(CONFIG.read_text().replace("instanceType:", "instanceTyp:"))
    recap, output = play("site", config=wrong)
    assert recap["failed"] == 1
    assert "instanceTyp" in output
    assert sandbox.calls() == []
