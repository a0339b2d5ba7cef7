# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An audit of the guide's cluster as site.yml makes it, with a real Kubernetes API and good workloads.

Each finding is one that the guide's declaration asks for, and no other is invented.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

import good_workloads
import pytest

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import open_cluster_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import NODE, POD

pytestmark = pytest.mark.extended
CONFIG = Path(__file__).parents[2] / "docs/examples/cluster-config.yaml"
OLD = "the guide declares 1.29, whose time is over"
OPEN = "the guide leaves the endpoint public, and its nodes in public subnets with public addresses, as eksctl does"
NODES = "node roles and templates are as eksctl's: with the policy of the VPC CNI, two hops to the credentials of nodes, and without encryption or repair"
PLAIN = "the guide does not declare it, and EKS has it off by default"
EMPTY = "the guide installs it on a later page, or lets its reader do it"
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
    "hop_limit": NODES,
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
    "fargate_without_pods": EMPTY,
    "no_node_autoscaler": EMPTY,
    "metrics_server": EMPTY,
    "no_secret_store": EMPTY,
    "ebs_default_encryption": ACCOUNT,
    "guardduty_audit_logs": ACCOUNT,
    "guardduty_runtime": ACCOUNT,
    "inspector_off": ACCOUNT,
    "health_events": ACCOUNT,
    "entry_of_user": ACCOUNT,
    "creator_admin": ACCOUNT,
}
# Rules that cannot look here, and why
UNKNOWN = {
    "no_savings_plan": "moto does not have savings plans",
    "old_image": "moto has no dates of images of EKS",
    "memory_near_limit": "the guide's cluster has no metrics-server",
    "busy_node": "the guide's cluster has no metrics-server",
}
NAME, REGION = "my-cluster", "ap-northeast-1"


@pytest.fixture
def sandbox(standing, monkeypatch):
    for name, value in standing.env.items():
        monkeypatch.setenv(name, value)
    return standing


def test_what_is_found_is_what_was_declared(sandbox, play, tmp_path):
    play("kumo.eks.site", eks_cluster_config=str(CONFIG)).assert_ok()
    with open_cluster_api(sandbox.client("eks"), sandbox.client("sts"), NAME) as api:
        deploy(api, sandbox.client("ecr"))
        place = {"eks_cluster_name": NAME, "eks_region": REGION}
        play("kumo.eks.audit", **place, eks_audit_json_file="audit.json").assert_ok()
    (cluster,) = json.loads((tmp_path / "audit.json").read_text())["clusters"]
    found = {row["name"]: f"{row['resource']}: {row['evidence']}" for row in cluster["findings"]}
    assert {name: text for name, text in found.items() if name not in DECLARED} == {}
    assert set(DECLARED) - set(found) == set()
    unknown = {row["name"]: row["reason"] for row in cluster["checks"] if row["verdict"] == "unknown"}
    assert {name: text for name, text in unknown.items() if name not in UNKNOWN and not name.startswith("quota_")} == {}


def deploy(api, ecr):
    """Create the workloads, and wait until all of their pods are ready."""
    words = {"imageTagMutability": "IMMUTABLE", "imageScanningConfiguration": {"scanOnPush": True}}
    made = ecr.create_repository(repositoryName="shop", **words, encryptionConfiguration={"encryptionType": "KMS"})
    rule = {
        "rulePriority": 1,
        "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 9},
    }
    text = json.dumps({"rules": [{**rule, "action": {"type": "expire"}}]})
    ecr.put_lifecycle_policy(repositoryName="shop", lifecyclePolicyText=text)
    nodes = len(list(api.list(NODE)))
    for kind, body in good_workloads.list_objects(made["repository"]["repositoryUri"], nodes):
        space = body["metadata"].get("namespace", "")
        api.create(kind, {"apiVersion": kind.api_version, "kind": kind.kind, **body}, space)
    for _attempt in range(600):
        pods = list(api.list(POD, good_workloads.SHOP))
        if {"web": nodes, "db": 2}.items() <= Counter(
            row["metadata"]["labels"]["app"] for row in pods if is_ready(row)
        ).items():
            return
        time.sleep(0.1)
    raise AssertionError([(row["metadata"]["name"], row["status"]) for row in pods if not is_ready(row)])


def is_ready(pod):
    rows = pod["status"].get("conditions") or []
    return any((row["type"], row["status"]) == ("Ready", "True") for row in rows)
