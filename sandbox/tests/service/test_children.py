"""Node groups, Fargate profiles, add-ons, access entries and pod identities."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from kumo_sandbox import durations
from kumo_sandbox.eks.control_planes import ControlPlanes


def test_instances_stand_behind_a_node_group(sandbox, make_cluster, make_nodegroup, ground):
    make_cluster()
    group = make_nodegroup(scalingConfig={"minSize": 1, "maxSize": 4, "desiredSize": 3})
    assert group["status"] == "ACTIVE"
    name = group["resources"]["autoScalingGroups"][0]["name"]
    answer = sandbox.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    assert len(answer["AutoScalingGroups"][0]["Instances"]) == 3
    nodes = sandbox.view("arn:aws:eks:ap-northeast-1:123456789012:cluster/demo").nodes
    assert len(nodes) == 3 and all(node.private_ip.startswith("10.0.") for node in nodes)


def test_children_want_an_active_cluster(sandbox, eks, make_cluster, ground, refused):
    sandbox.clock.set_speed(1)
    make_cluster()
    words = {"clusterName": "demo", "nodegroupName": "x", "subnets": ground.subnets, "nodeRole": ground.role}
    assert "not in ACTIVE status" in refused(eks.create_nodegroup, **words)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"version": "1.31"}, "must be that of its cluster, 1.30"),
        ({"scalingConfig": {"minSize": 3, "maxSize": 2, "desiredSize": 2}}, "Minimum capacity"),
        ({"updateConfig": {"maxUnavailable": 1, "maxUnavailablePercentage": 10}}, "Only one of"),
        ({"amiType": "AL3"}, "AL2023_x86_64_STANDARD"),
    ],
)
def test_bad_node_groups(eks, make_cluster, ground, refused, options, words):
    make_cluster()
    good = {"clusterName": "demo", "nodegroupName": "x", "subnets": ground.subnets, "nodeRole": ground.role}
    assert words in refused(eks.create_nodegroup, **(good | options))


def test_a_node_group_changes_in_place(sandbox, eks, make_cluster, make_nodegroup):
    make_cluster()
    make_nodegroup(labels={"a": "1", "b": "2"})
    words = {"clusterName": "demo", "nodegroupName": "general"}
    taint = {"key": "k", "value": "v", "effect": "NO_SCHEDULE"}
    labels = {"addOrUpdateLabels": {"a": "9"}, "removeLabels": ["b"]}
    key = eks.update_nodegroup_config(**words, labels=labels, taints={"addOrUpdateTaints": [taint]})["update"]["id"]
    done = eks.describe_update(name="demo", nodegroupName="general", updateId=key)["update"]
    assert done["status"] == "Successful"
    assert {p["type"] for p in done["params"]} == {"LabelsToAdd", "LabelsToRemove", "TaintsToAdd"}
    group = eks.describe_nodegroup(**words)["nodegroup"]
    assert (group["labels"], group["taints"]) == ({"a": "9"}, [taint])
    eks.update_nodegroup_config(**words, scalingConfig={"minSize": 0, "maxSize": 1, "desiredSize": 1})
    eks.describe_nodegroup(**words)
    assert len(sandbox.view("arn:aws:eks:ap-northeast-1:123456789012:cluster/demo").nodes) == 1


def test_a_node_group_follows_its_cluster_and_goes_back_only_before_it(
    sandbox, eks, make_cluster, make_nodegroup, refused
):
    make_cluster(version="1.30")
    make_nodegroup()
    eks.update_cluster_version(name="demo", version="1.31")
    eks.describe_cluster(name="demo")
    words = {"clusterName": "demo", "nodegroupName": "general"}
    eks.update_nodegroup_version(**words)
    group = eks.describe_nodegroup(**words)["nodegroup"]
    assert group["version"] == "1.31" and group["releaseVersion"].startswith("1.31.")
    eks.update_nodegroup_version(version="1.30", **words)  # the cluster can be rolled back, and its groups go first
    assert eks.describe_nodegroup(**words)["nodegroup"]["version"] == "1.30"
    eks.update_nodegroup_version(**words)
    eks.describe_nodegroup(**words)
    sandbox.clock.advance(8 * 86400)
    assert "back to" in refused(eks.update_nodegroup_version, version="1.30", **words)


@pytest.fixture
def outdated(sandbox, eks, make_cluster, make_nodegroup):
    """A node group of three nodes whose cluster went on to 1.31; a function starts its update, and one looks at it until it ends."""
    make_cluster(version="1.30")
    make_nodegroup(scalingConfig={"minSize": 1, "maxSize": 4, "desiredSize": 3})
    eks.update_cluster_version(name="demo", version="1.31")
    eks.describe_cluster(name="demo")

    def update(**words):
        return eks.update_nodegroup_version(clusterName="demo", nodegroupName="general", **words)["update"]["id"]

    def follow(key):
        for _look in range(30):  # an instant clock goes from one look at the nodes to the next one
            found = eks.describe_update(name="demo", nodegroupName="general", updateId=key)["update"]
            if found["status"] != "InProgress":
                return found
        raise AssertionError("the update does not end")

    return update, follow


def list_nodes(sandbox):
    """Instance id and Kubernetes version of each node."""
    view = sandbox.view("arn:aws:eks:ap-northeast-1:123456789012:cluster/demo")
    return {node.instance_id: node.version for node in view.nodes}


def test_an_update_replaces_the_nodes(sandbox, eks, outdated):
    update, follow = outdated
    old = list_nodes(sandbox)
    assert set(old.values()) == {"1.30"}
    assert follow(update())["status"] == "Successful"
    new = list_nodes(sandbox)
    assert len(new) == 3 and not set(new) & set(old) and set(new.values()) == {"1.31"}
    group = sandbox.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0]
    assert (group["MinSize"], group["DesiredCapacity"], group["MaxSize"]) == (1, 3, 4)


def test_new_nodes_come_before_old_ones_go(sandbox, eks, ground, outdated):
    """https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html"""
    update, follow = outdated
    zones = {
        row["AvailabilityZone"] for row in sandbox.client("ec2").describe_subnets(SubnetIds=ground.subnets)["Subnets"]
    }
    sandbox.clock.set_speed(1)
    update()
    counts = []
    for seconds in (durations.NODES_LAUNCH, *[durations.NODE_REPLACEMENT] * 3):
        sandbox.clock.advance(seconds + 1)
        eks.describe_cluster(name="demo")
        versions = list(list_nodes(sandbox).values())
        counts.append((versions.count("1.30"), versions.count("1.31")))
    surge = 2 * len(zones)  # two instances in each Availability Zone
    assert counts == [(3, surge), (2, surge), (1, surge), (0, surge)]
    sandbox.clock.advance(durations.NODEGROUP_VERSION_UPDATE)
    eks.describe_cluster(name="demo")
    assert len(list_nodes(sandbox)) == 3


def test_the_minimal_strategy_never_has_more_nodes(sandbox, eks, outdated):
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupUpdateConfig.html"""
    update, follow = outdated
    words = {"clusterName": "demo", "nodegroupName": "general"}
    eks.update_nodegroup_config(updateConfig={"updateStrategy": "MINIMAL", "maxUnavailable": 2}, **words)
    eks.describe_nodegroup(**words)
    sandbox.clock.set_speed(1)
    update()
    counts = []
    for seconds in (durations.NODES_LAUNCH, *[durations.NODE_REPLACEMENT] * 2):
        sandbox.clock.advance(seconds + 1)
        eks.describe_cluster(name="demo")
        versions = list(list_nodes(sandbox).values())
        counts.append((versions.count("1.30"), versions.count("1.31")))
    assert counts == [(3, 0), (1, 2), (0, 3)]


def test_an_update_gives_up_on_pods_that_a_budget_keeps(sandbox, eks, outdated, monkeypatch):
    """Which nodes they are on is asked of the API server: kubernetes/test_control_plane.py."""
    update, follow = outdated
    asked = []

    def drain(self, arn, nodes, force):
        asked.append(nodes)
        return [] if force else nodes

    monkeypatch.setattr(ControlPlanes, "drain", drain)
    words = {"clusterName": "demo", "nodegroupName": "general"}
    found = follow(update())
    (error,) = found["errors"]
    assert (found["status"], error["errorCode"]) == ("Failed", "PodEvictionFailure")
    assert error["resourceIds"] == asked[0] and "node group general" in error["errorMessage"]
    assert len(asked) == 15  # each minute of fifteen
    group = eks.describe_nodegroup(**words)["nodegroup"]
    assert (group["status"], group["version"]) == ("ACTIVE", "1.30")
    assert sorted(list_nodes(sandbox).values()) == ["1.30"] * 3 + ["1.31"] * 6  # what was done stays done
    assert follow(update(force=True))["status"] == "Successful"
    assert eks.describe_nodegroup(**words)["nodegroup"]["version"] == "1.31"
    assert list(list_nodes(sandbox).values()) == ["1.31"] * 3


def test_a_node_group_that_cannot_be_made(sandbox, make_cluster, make_nodegroup):
    make_cluster()
    sandbox.add_fault(kind="fail_creation", operation="CreateNodegroup", resource="bad", code="NodeCreationFailure")
    assert make_nodegroup("good")["status"] == "ACTIVE"
    bad = make_nodegroup("bad")
    assert (bad["status"], bad["health"]["issues"][0]["code"]) == ("CREATE_FAILED", "NodeCreationFailure")


def test_a_deletion_fails_and_the_next_one_does_not(sandbox, eks, ground, make_cluster, make_nodegroup):
    make_cluster()
    make_nodegroup("general")
    profile = {"podExecutionRoleArn": ground.role, "subnets": ground.subnets, "selectors": [{"namespace": "tasks"}]}
    eks.create_fargate_profile(clusterName="demo", fargateProfileName="tasks", **profile)
    eks.create_addon(clusterName="demo", addonName="vpc-cni")
    for kind, key in (("nodegroup", "general"), ("fargate_profile", "tasks"), ("addon", "vpc-cni")):
        operation = "".join(part.capitalize() for part in kind.split("_"))
        member = operation[0].lower() + operation[1:]
        names = {"clusterName": "demo", f"{member}Name": key}
        describe, delete = getattr(eks, f"describe_{kind}"), getattr(eks, f"delete_{kind}")
        describe(**names)
        sandbox.add_fault(kind="fail_deletion", operation=f"Delete{operation}", code="InternalFailure", message="no")
        delete(**names)
        found = describe(**names)[member]
        assert (found["status"], found["health"]["issues"][0]["message"]) == ("DELETE_FAILED", "no")
        delete(**names)
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            describe(**names)
    sandbox.add_fault(kind="fail_deletion", operation="DeleteCluster")
    eks.delete_cluster(name="demo")
    assert eks.describe_cluster(name="demo")["cluster"]["status"] == "FAILED"
    eks.delete_cluster(name="demo")
    assert eks.list_clusters()["clusters"] == []


def test_one_fargate_profile_in_flight(sandbox, eks, make_cluster, ground, refused):
    make_cluster()
    sandbox.clock.set_speed(1)
    words = {"clusterName": "demo", "podExecutionRoleArn": ground.role, "subnets": ground.subnets}
    words["selectors"] = [{"namespace": "tasks", "labels": {"compute": "fargate"}}]
    eks.create_fargate_profile(fargateProfileName="one", **words)
    assert "ResourceInUse" in refused(eks.create_fargate_profile, fargateProfileName="two", **words)
    sandbox.clock.advance(100)
    eks.create_fargate_profile(fargateProfileName="two", **words)
    assert eks.list_fargate_profiles(clusterName="demo")["fargateProfileNames"] == ["one", "two"]
    assert "ResourceInUse" in refused(eks.delete_cluster, name="demo")


def test_coredns_waits_for_a_node(eks, make_cluster, make_nodegroup, sandbox):
    make_cluster()
    eks.create_addon(clusterName="demo", addonName="coredns")
    addon = eks.describe_addon(clusterName="demo", addonName="coredns")["addon"]
    assert (addon["status"], addon["health"]["issues"][0]["code"]) == ("DEGRADED", "InsufficientNumberOfReplicas")
    make_nodegroup()
    eks.describe_addon(clusterName="demo", addonName="coredns")
    assert eks.describe_addon(clusterName="demo", addonName="coredns")["addon"]["status"] == "ACTIVE"


def test_auto_mode_starts_nodes_for_addons(eks, make_cluster, ground):
    make_cluster(
        computeConfig={"enabled": True, "nodePools": ["system"], "nodeRoleArn": ground.role},
        storageConfig={"blockStorage": {"enabled": True}},
        kubernetesNetworkConfig={"elasticLoadBalancing": {"enabled": True}},
        accessConfig={"authenticationMode": "API"},
    )
    eks.create_addon(clusterName="demo", addonName="metrics-server")
    assert eks.describe_addon(clusterName="demo", addonName="metrics-server")["addon"]["status"] == "ACTIVE"


def test_configuration_values_keep_to_the_schema(eks, make_cluster, refused):
    make_cluster()
    words = {"clusterName": "demo", "addonName": "coredns"}
    assert "schema validation failed" in refused(eks.create_addon, configurationValues='{"replicas": 1}', **words)
    eks.create_addon(configurationValues='{"replicaCount": 3}', **words)
    version = eks.describe_addon(**words)["addon"]["addonVersion"]
    answer = eks.describe_addon_configuration(addonName="coredns", addonVersion=version)
    assert json.loads(answer["configurationSchema"])["additionalProperties"] is False


def test_addon_versions_fit_the_cluster(eks, make_cluster, refused):
    make_cluster()
    words = {"clusterName": "demo", "addonName": "kube-proxy"}
    assert "not supported" in refused(eks.create_addon, addonVersion="v1.35.0-eksbuild.5", **words)
    infos = eks.describe_addon_versions(addonName="kube-proxy", kubernetesVersion="1.30")["addons"][0]["addonVersions"]
    defaults = [i["addonVersion"] for i in infos if i["compatibilities"][0]["defaultVersion"]]
    eks.create_addon(**words)
    assert [eks.describe_addon(**words)["addon"]["addonVersion"]] == defaults


def test_the_creator_has_an_entry_that_can_be_taken_away(sandbox, eks, make_cluster):
    make_cluster(accessConfig={"authenticationMode": "API"})
    admin = "arn:aws:iam::123456789012:user/sandbox-admin"
    own = "arn:aws:iam::123456789012:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS"
    assert eks.list_access_entries(clusterName="demo")["accessEntries"] == [own, admin]
    policies = eks.list_associated_access_policies(clusterName="demo", principalArn=admin)["associatedAccessPolicies"]
    assert policies[0]["policyArn"].endswith("AmazonEKSClusterAdminPolicy")
    eks.delete_access_entry(clusterName="demo", principalArn=admin)
    eks.create_addon(clusterName="demo", addonName="vpc-cni")
    assert eks.list_access_entries(clusterName="demo")["accessEntries"] == [own]
    known = sandbox.view("arn:aws:eks:ap-northeast-1:123456789012:cluster/demo").access
    assert [rule.principal_arn for rule in known] == [own]


def test_access_entries_want_the_api_mode(eks, make_cluster, ground, refused):
    make_cluster(accessConfig={"authenticationMode": "CONFIG_MAP"})
    words = {"clusterName": "demo", "principalArn": ground.role}
    assert "authentication mode must be set" in refused(eks.create_access_entry, **words)
    eks.update_cluster_config(name="demo", accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"})
    eks.describe_cluster(name="demo")
    eks.create_access_entry(**words)
    assert len(eks.list_access_entries(clusterName="demo")["accessEntries"]) == 3


def service_less_role(sandbox) -> str:
    document = json.dumps({"Version": "2012-10-17", "Statement": []})
    return sandbox.client("iam").create_role(RoleName="nobody", AssumeRolePolicyDocument=document)["Role"]["Arn"]


def test_pod_identities(sandbox, eks, make_cluster, ground, refused):
    make_cluster()
    words = {"clusterName": "demo", "namespace": "apps", "serviceAccount": "web", "roleArn": ground.pods_role}
    key = eks.create_pod_identity_association(**words)["association"]["associationId"]
    assert "already exists" in refused(eks.create_pod_identity_association, **words)
    assert len(eks.list_pod_identity_associations(clusterName="demo", namespace="apps")["associations"]) == 1
    one = {"clusterName": "demo", "associationId": key}
    policy = '{"Version": "2012-10-17", "Statement": []}'
    assert "disableSessionTags must be true" in refused(eks.update_pod_identity_association, policy=policy, **one)
    assert "Trust policy" in refused(eks.update_pod_identity_association, roleArn=service_less_role(sandbox), **one)
    words = {"policy": policy, "disableSessionTags": True, "targetRoleArn": ground.role}
    changed = eks.update_pod_identity_association(**one, **words)["association"]
    assert changed["policy"] == policy and changed["externalId"]
    changed = eks.update_pod_identity_association(**one, policy="", targetRoleArn="")["association"]
    assert not {"policy", "targetRoleArn", "externalId"} & set(changed)
    eks.delete_pod_identity_association(clusterName="demo", associationId=key)
    assert eks.list_pod_identity_associations(clusterName="demo")["associations"] == []


def test_add_ons_have_recommended_policies(eks):
    words = {"addonName": "vpc-cni", "addonVersion": "v1.20.4-eksbuild.1"}
    (row,) = eks.describe_addon_configuration(**words)["podIdentityConfiguration"]
    assert row == {
        "serviceAccount": "aws-node",
        "recommendedManagedPolicies": ["arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"],
    }
    info = eks.describe_addon_versions(addonName="vpc-cni")["addons"][0]["addonVersions"][0]
    assert info["requiresIamPermissions"] and "ec2" in info["computeTypes"]
    coredns = eks.describe_addon_versions(addonName="coredns")["addons"][0]["addonVersions"][0]
    assert not coredns["requiresIamPermissions"]


def test_add_ons_have_namespaces_of_their_own(eks, make_cluster):
    make_cluster()
    assert eks.describe_addon_versions(addonName="cert-manager")["addons"][0]["defaultNamespace"] == "cert-manager"
    made = eks.create_addon(clusterName="demo", addonName="external-dns")["addon"]
    assert made["namespaceConfig"] == {"namespace": "external-dns"}
    named = {"addonName": "cert-manager", "namespaceConfig": {"namespace": "certificates"}}
    assert eks.create_addon(clusterName="demo", **named)["addon"]["namespaceConfig"]["namespace"] == "certificates"
    coredns = eks.describe_addon_versions(addonName="coredns")["addons"][0]
    assert coredns["defaultNamespace"] == "kube-system"
