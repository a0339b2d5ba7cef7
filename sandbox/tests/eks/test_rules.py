"""The service's rules: what takes how long, what is refused, and in which words."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from kumo_sandbox import durations


def refused(code, words):
    return pytest.raises(ClientError, match=f"{code}.*{words}")


class TestClusters:
    def test_a_cluster_takes_its_time_to_become_active(self, sandbox, account, eks):
        words = {"roleArn": account["cluster"], "resourcesVpcConfig": {"subnetIds": account["subnets"]}}
        made = eks.create_cluster(name="c", **words)["cluster"]
        assert made["status"] == "CREATING" and "endpoint" not in made
        sandbox.clock.advance(durations.CLUSTER_CREATE - 30)
        assert eks.describe_cluster(name="c")["cluster"]["status"] == "CREATING"
        sandbox.clock.advance(30)
        now = eks.describe_cluster(name="c")["cluster"]
        assert now["status"] == "ACTIVE" and now["endpoint"].startswith("https://")
        assert now["resourcesVpcConfig"]["vpcId"] == account["vpc"]
        assert now["resourcesVpcConfig"]["clusterSecurityGroupId"].startswith("sg-")

    def test_each_cluster_has_an_issuer_of_its_own(self, sandbox, account, eks):
        words = {"roleArn": account["cluster"], "resourcesVpcConfig": {"subnetIds": account["subnets"]}}
        for name in "ab":
            eks.create_cluster(name=name, **words)
        sandbox.clock.advance(durations.CLUSTER_CREATE)
        issuers = {eks.describe_cluster(name=name)["cluster"]["identity"]["oidc"]["issuer"] for name in "ab"}
        assert len(issuers) == 2 and all("/id/" in issuer for issuer in issuers)

    def test_an_unsupported_version_is_refused_when_the_sandbox_is_told_so(self, sandbox, account, eks):
        words = {"roleArn": account["cluster"], "resourcesVpcConfig": {"subnetIds": account["subnets"]}}
        assert eks.create_cluster(name="old", version="1.29", **words)["cluster"]["version"] == "1.29"
        sandbox.settings.refuse_unsupported = True
        with refused("InvalidParameterException", "unsupported Kubernetes version 1.29"):
            eks.create_cluster(name="c", version="1.29", **words)

    def test_one_update_at_a_time_and_active_again_after_a_failed_one(self, sandbox, cluster, eks):
        sandbox.add_fault(kind="fail_update", code="IpNotAvailable", message="no address")
        update = eks.update_cluster_version(name=cluster, version="1.34")["update"]
        with refused("ResourceInUseException", "update in progress"):
            eks.update_cluster_config(name=cluster, deletionProtection=True)
        sandbox.clock.advance(600)
        ended = eks.describe_update(name=cluster, updateId=update["id"])["update"]
        assert ended["status"] == "Failed" and ended["errors"][0]["errorCode"] == "IpNotAvailable"
        assert eks.describe_cluster(name=cluster)["cluster"]["status"] == "ACTIVE"
        assert eks.describe_cluster(name=cluster)["cluster"]["version"] == "1.33"

    def test_one_minor_version_a_step(self, cluster, eks):
        with refused("InvalidParameterException", "from 1.33 to 1.35"):
            eks.update_cluster_version(name=cluster, version="1.35")

    def test_one_kind_of_change_a_call(self, cluster, eks):
        with refused("InvalidParameterException", "Only one type of update"):
            eks.update_cluster_config(name=cluster, deletionProtection=True, zonalShiftConfig={"enabled": True})

    def test_deletion_is_refused_while_protected_or_in_use(self, sandbox, account, cluster, eks):
        eks.create_nodegroup(
            clusterName=cluster, nodegroupName="a", nodeRole=account["node"], subnets=account["subnets"]
        )
        with refused("ResourceInUseException", "nodegroups attached"):
            eks.delete_cluster(name=cluster)
        sandbox.clock.advance(600)
        eks.delete_nodegroup(clusterName=cluster, nodegroupName="a")
        sandbox.clock.advance(600)
        eks.update_cluster_config(name=cluster, deletionProtection=True)
        sandbox.clock.advance(600)
        with refused("InvalidRequestException", "deletion protection"):
            eks.delete_cluster(name=cluster)

    def test_a_missing_cluster_is_said_as_eks_says_it(self, account, eks):
        with refused("ResourceNotFoundException", "No cluster found for name: none"):
            eks.describe_cluster(name="none")


class TestNodegroups:
    def test_instances_stand_behind_a_node_group(self, sandbox, account, cluster, eks):
        sizes = {"minSize": 1, "maxSize": 5, "desiredSize": 3}
        eks.create_nodegroup(
            clusterName=cluster,
            nodegroupName="a",
            nodeRole=account["node"],
            subnets=account["subnets"],
            scalingConfig=sizes,
        )
        sandbox.clock.advance(130)
        eks.describe_nodegroup(clusterName=cluster, nodegroupName="a")
        arn = eks.describe_cluster(name=cluster)["cluster"]["arn"]
        assert len(sandbox.view(arn).nodes) == 3
        eks.delete_nodegroup(clusterName=cluster, nodegroupName="a")
        sandbox.clock.advance(600)
        eks.list_nodegroups(clusterName=cluster)
        assert sandbox.view(arn).nodes == ()

    def test_new_nodes_have_the_version_of_the_cluster(self, account, cluster, eks):
        words = {
            "clusterName": cluster,
            "nodegroupName": "a",
            "nodeRole": account["node"],
            "subnets": account["subnets"],
        }
        for version in ("1.34", "1.32"):
            with refused("InvalidParameterException", "must be that of its cluster, 1.33"):
                eks.create_nodegroup(version=version, **words)


class TestFargate:
    def test_one_profile_at_a_time(self, sandbox, account, cluster, eks):
        words = {"clusterName": cluster, "podExecutionRoleArn": account["pod"], "subnets": account["subnets"]}
        eks.create_fargate_profile(fargateProfileName="a", selectors=[{"namespace": "a"}], **words)
        with refused("ResourceInUseException", "a is in CREATING state"):
            eks.create_fargate_profile(fargateProfileName="b", selectors=[{"namespace": "b"}], **words)
        sandbox.clock.advance(100)
        eks.create_fargate_profile(fargateProfileName="b", selectors=[{"namespace": "b"}], **words)


class TestAddons:
    def test_coredns_is_degraded_until_a_node_takes_its_pods(self, sandbox, account, cluster, eks):
        eks.create_addon(clusterName=cluster, addonName="coredns")
        sandbox.clock.advance(40)
        waiting = eks.describe_addon(clusterName=cluster, addonName="coredns")["addon"]
        assert (
            waiting["status"] == "DEGRADED" and waiting["health"]["issues"][0]["code"] == "InsufficientNumberOfReplicas"
        )
        eks.create_nodegroup(
            clusterName=cluster, nodegroupName="a", nodeRole=account["node"], subnets=account["subnets"]
        )
        sandbox.clock.advance(130)
        eks.list_addons(clusterName=cluster)
        sandbox.clock.advance(5)
        assert eks.describe_addon(clusterName=cluster, addonName="coredns")["addon"]["status"] == "ACTIVE"

    def test_configuration_values_are_held_against_the_schema(self, cluster, eks):
        with refused("InvalidParameterException", "Json schema validation failed"):
            eks.create_addon(clusterName=cluster, addonName="coredns", configurationValues='{"replicas": 3}')

    def test_versions_are_tied_to_the_clusters(self, cluster, eks):
        rows = eks.describe_addon_versions(addonName="kube-proxy", kubernetesVersion="1.33")["addons"][0][
            "addonVersions"
        ]
        assert {row["addonVersion"][:5] for row in rows} == {"v1.30", "v1.31", "v1.32", "v1.33"}
        assert [row["addonVersion"][:5] for row in rows if row["compatibilities"][0]["defaultVersion"]] == ["v1.33"]
        with refused("InvalidParameterException", "not supported"):
            eks.create_addon(clusterName=cluster, addonName="kube-proxy", addonVersion="v1.29.15-eksbuild.5")


def test_listings_come_in_pages(sandbox, account, cluster, eks):
    for number in range(5):
        eks.create_addon(
            clusterName=cluster,
            addonName=["vpc-cni", "coredns", "kube-proxy", "metrics-server", "eks-pod-identity-agent"][number],
        )
    first = eks.list_addons(clusterName=cluster, maxResults=2)
    assert len(first["addons"]) == 2 and first["nextToken"]
    pages = eks.get_paginator("list_addons").paginate(clusterName=cluster, PaginationConfig={"PageSize": 2})
    assert len([name for page in pages for name in page["addons"]]) == 5


def test_every_handler_is_an_operation_of_the_model():
    from kumo_sandbox.eks import model
    from kumo_sandbox.eks.context import OPERATIONS

    assert set(OPERATIONS) <= set(model.load_service_model().operation_names) and len(OPERATIONS) >= 40


def test_calls_become_the_policy_that_allows_them(sandbox, cluster, eks):
    from kumo_sandbox.recorder import build_policy

    eks.list_clusters()
    statements = build_policy(sandbox.calls())["Statement"]
    assert {"eks:CreateCluster", "eks:ListClusters", "ec2:CreateSubnet"} <= set(statements[0]["Action"])
    assert statements[1] == {"Effect": "Allow", "Action": "iam:PassRole", "Resource": ["arn:aws:iam::*:role/cluster"]}
