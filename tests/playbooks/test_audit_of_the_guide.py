# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An audit of the guide's cluster as site.yml makes it: each finding is one that the guide's declaration asks for, and no other is invented."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.extended
CONFIG = Path(__file__).parents[2] / "docs/examples/cluster-config.yaml"
OLD = "the guide declares 1.29, whose time is over"
OPEN = "the guide leaves the endpoint public, and its nodes in public subnets with public addresses, as eksctl does"
NODES = "node roles and templates are as eksctl's: with the policy of the VPC CNI, IMDSv1 of Amazon Linux 2, and without encryption or repair"
PLAIN = "the guide does not declare it, and EKS has it off by default"
ACCOUNT = "a setting or a user of the account, and not of the cluster"
# Each finding, and why the guide's cluster has it
DECLARED = {
    "extended_support": OLD,
    "version_support": OLD,
    "newer_version": OLD,
    "upgrade_policy": OLD,
    "old_generation": OLD,
    "endpoint_private": OPEN,
    "endpoint_public": OPEN,
    "endpoint_public_at_all": OPEN,
    "node_public_address": OPEN,
    "nodes_in_public_subnets": OPEN,
    "subnet_public_addresses": OPEN,
    "addon_without_role": NODES,
    "cni_on_node_role": NODES,
    "node_role_extra_policy": NODES,
    "instance_imdsv1": NODES,
    "node_repair": NODES,
    "template_disk_plain": NODES,
    "network_policy_engine": NODES,
    "no_graviton": NODES,
    "deletion_protection": PLAIN,
    "secrets_encryption": PLAIN,
    "zonal_shift": PLAIN,
    "cluster_tags": PLAIN,
    "logs_for_ever": PLAIN,
    "logs_unwatched": PLAIN,
    "authentication_by_config_map": PLAIN,
    "interface_endpoints": PLAIN,
    "s3_endpoint": PLAIN,
    "flow_logs_off": PLAIN,
    "ebs_default_encryption": ACCOUNT,
    "guardduty_audit_logs": ACCOUNT,
    "guardduty_runtime": ACCOUNT,
    "inspector_off": ACCOUNT,
    "entry_of_user": ACCOUNT,
}
NAME, REGION = "my-cluster", "ap-northeast-1"


def test_what_is_found_is_what_was_declared(sandbox, play, tmp_path):
    sandbox.clock.set_speed("instant")
    play("kumo.eks.site", eks_cluster_config=str(CONFIG)).assert_ok()
    place = {"eks_cluster_name": NAME, "eks_region": REGION, "eks_audit_kubernetes": False}
    play("kumo.eks.audit", **place, eks_audit_json_file="audit.json").assert_ok()
    (cluster,) = json.loads((tmp_path / "audit.json").read_text())["clusters"]
    found = {row["name"]: f"{row['resource']}: {row['evidence']}" for row in cluster["findings"]}
    assert {name: text for name, text in found.items() if name not in DECLARED} == {}
    assert set(DECLARED) - set(found) == set()
