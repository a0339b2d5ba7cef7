# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""migrate_pod_identity.yml on a cluster with a Kubernetes API: a plan, the way, and nothing to do a second time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.clock import SPEED

from ansible_collections.kumo.eks.plugins.module_utils.identity import migration
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import open_cluster_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import SERVICE_ACCOUNT
from kumo_sandbox import Sandbox

pytestmark = pytest.mark.extended
NAME = "my-cluster"
POLICY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
ROLE = "eks.amazonaws.com/role-arn"


@pytest.fixture(scope="module")
def standing() -> Iterator[Sandbox]:
    with Sandbox(speed=SPEED, kubernetes=True) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(standing, monkeypatch):
    for name, value in standing.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(migration, "SETTLE", 0.1)
    return standing


def test_a_service_account_moves(sandbox, ground, play, run_module):
    eks, sts, iam = sandbox.client("eks"), sandbox.client("sts"), sandbox.client("iam")
    words = {"name": NAME, "version": "1.34", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    assert not run_module("eks_cluster", words)["failed"]
    node = {"cluster_name": NAME, "name": "general", "node_role": ground["node_role"], "subnets": ground["subnets"]}
    assert not run_module("eks_nodegroup", {**node, "wait": True})["failed"]
    one = {"namespace": "production", "service_account": "reader", "policy_arns": [POLICY], "create_namespace": True}
    made = run_module("eks_irsa", {"cluster_name": NAME, **one})
    assert not made["failed"], made
    variables = {"eks_cluster_name": NAME, "eks_region": "ap-northeast-1", "eks_migrate_remove_irsa": True}
    play("kumo.eks.migrate_pod_identity", "--check", **variables).assert_ok()
    assert eks.list_pod_identity_associations(clusterName=NAME)["associations"] == []

    moved = play("kumo.eks.migrate_pod_identity", **variables).assert_ok()
    assert "production/reader: pending" in moved.output
    with open_cluster_api(eks, sts, NAME) as api:
        account = api.get(SERVICE_ACCOUNT, "reader", "production")
    assert ROLE not in (account["metadata"].get("annotations") or {})
    play("kumo.eks.migrate_pod_identity", **variables).assert_ok()  # no pod is left that started with IRSA
    name = made["role_arn"].rpartition("/")[2]
    statements = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert [row["Principal"] for row in statements] == [{"Service": "pods.eks.amazonaws.com"}]
    play("kumo.eks.migrate_pod_identity", **variables).assert_unchanged()
