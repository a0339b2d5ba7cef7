# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role eks_access alone, and the playbook that migrates the aws-auth ConfigMap, with a Kubernetes API behind the cluster."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesError, open_cluster_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import CONFIG_MAP

pytestmark = pytest.mark.extended
NAME = "my-cluster"
ACCOUNT = "arn:aws:iam::123456789012"
OWN = {f"{ACCOUNT}:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS", f"{ACCOUNT}:user/sandbox-admin"}


@pytest.fixture
def sandbox(standing, monkeypatch):
    for name, value in standing.env.items():
        monkeypatch.setenv(name, value)
    standing.reset()
    return standing


@pytest.fixture
def create(sandbox, ground):
    """Create a cluster in a mode, and roles of people."""

    def run(mode):
        eks, iam = sandbox.client("eks"), sandbox.client("iam")
        places = {"subnetIds": ground["subnets"]}
        words = {"roleArn": ground["role"], "resourcesVpcConfig": places, "version": "1.33"}
        eks.create_cluster(name=NAME, accessConfig={"authenticationMode": mode}, **words)
        trust = '{"Version": "2012-10-17", "Statement": []}'
        for role in ("admins", "readers"):
            iam.create_role(RoleName=role, Path="/people/", AssumeRolePolicyDocument=trust)
        return eks

    return run


def list_entries(eks):
    return set(eks.list_access_entries(clusterName=NAME)["accessEntries"]) - OWN


def test_the_role_alone(create, play_role):
    eks = create("API")
    readers, admins = (f"{ACCOUNT}:role/people/{name}" for name in ("readers", "admins"))
    policy = {"policy_arn": "AmazonEKSViewPolicy", "access_scope": {"type": "cluster"}}
    options = {
        "eks_cluster_name": NAME,
        "eks_access_entries": [{"principal_arn": readers, "access_policies": [policy]}],
    }
    assert play_role("eks_access", "--check", "--diff", **options).assert_ok().changed == 1
    assert list_entries(eks) == set()
    assert play_role("eks_access", **options).assert_ok().changed == 1
    play_role("eks_access", **options).assert_unchanged()
    eks.create_access_entry(clusterName=NAME, principalArn=admins)
    exact = play_role("eks_access", eks_access_exact=True, **options).assert_ok()
    assert "the caller's own way into the cluster" in exact.output and list_entries(eks) == {readers}
    assert play_role("eks_access", eks_access_state="absent", **options).assert_ok().changed == 1
    play_role("eks_access", eks_access_state="absent", **options).assert_unchanged()
    assert list_entries(eks) == set()


def test_the_migration_of_the_config_map(sandbox, create, play):
    eks = create("CONFIG_MAP")
    rows = [
        {"rolearn": f"{ACCOUNT}:role/admins", "username": "admin", "groups": ["system:masters"]},
        {"rolearn": f"{ACCOUNT}:role/readers", "username": "reader", "groups": ["readers"]},
    ]
    body = {
        "metadata": {"name": "aws-auth"},
        "data": {"mapRoles": yaml.safe_dump(rows), "mapAccounts": '["210987654321"]'},
    }
    with open_cluster_api(eks, sandbox.client("sts"), NAME) as api:
        for attempt in range(20):
            try:
                api.apply(CONFIG_MAP, body, "kube-system")
                break
            except KubernetesError as error:  # the control plane is just starting
                assert not error.status and attempt < 19
    options = {"eks_cluster_name": NAME, "eks_region": "ap-northeast-1"}
    refused = play("kumo.eks.migrate_aws_auth", **options)
    refused.assert_refused("Nothing was changed", "210987654321: it maps all principals of an account")
    assert eks.describe_cluster(name=NAME)["cluster"]["accessConfig"] == {"authenticationMode": "CONFIG_MAP"}
    options["eks_access_migrate_ignore"] = ["210987654321"]
    assert play("kumo.eks.migrate_aws_auth", "--check", **options).assert_ok().changed > 0
    assert play("kumo.eks.migrate_aws_auth", **options).assert_ok().changed == 2  # the mode, the entries
    assert list_entries(eks) == {f"{ACCOUNT}:role/people/{name}" for name in ("admins", "readers")}
    play("kumo.eks.migrate_aws_auth", **options).assert_unchanged()
    assert play("kumo.eks.migrate_aws_auth", eks_access_migrate_mode="API", **options).assert_ok().changed == 1
    assert eks.describe_cluster(name=NAME)["cluster"]["accessConfig"] == {"authenticationMode": "API"}
    play("kumo.eks.migrate_aws_auth", eks_access_migrate_mode="API", **options).assert_unchanged()
