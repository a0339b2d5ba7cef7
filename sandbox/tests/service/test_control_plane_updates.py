"""Rollbacks of the control plane, its egress, its components' settings, and kinds of access entries."""

from __future__ import annotations

import pytest

DAY = 86400


def update_of(eks, key):
    return eks.describe_update(name="demo", updateId=key)["update"]


def test_an_upgrade_can_be_rolled_back_for_seven_days(sandbox, eks, make_cluster, make_nodegroup, refused):
    make_cluster(version="1.32")
    assert "from 1.32 to 1.31" in refused(eks.update_cluster_version, name="demo", version="1.31")
    eks.update_cluster_version(name="demo", version="1.33")
    eks.describe_cluster(name="demo")
    make_nodegroup(version="1.33")
    said = refused(eks.update_cluster_version, name="demo", version="1.32")
    assert said.startswith("InvalidRequestException") and "newer than version 1.32: general" in said
    words = {"clusterName": "demo", "nodegroupName": "general"}
    assert "back to 1.31" in refused(eks.update_nodegroup_version, **words, version="1.31")
    eks.update_nodegroup_version(**words, version="1.32")  # the node groups go back before the control plane
    assert eks.describe_nodegroup(**words)["nodegroup"]["version"] == "1.32"
    short = {"timeoutMinutes": 1}
    assert "timeoutMinutes 1" in refused(eks.update_cluster_version, name="demo", version="1.32", rollbackConfig=short)
    update = eks.update_cluster_version(name="demo", version="1.32", rollbackConfig={"timeoutMinutes": 120})["update"]
    assert update["type"] == "VersionRollback"
    assert update_of(eks, update["id"])["status"] == "Successful"
    assert eks.describe_cluster(name="demo")["cluster"]["version"] == "1.32"
    assert "from 1.32 to 1.31" in refused(eks.update_cluster_version, name="demo", version="1.31")
    eks.update_cluster_version(name="demo", version="1.33")
    eks.describe_cluster(name="demo")
    eks.update_nodegroup_version(**words, version="1.33")
    sandbox.clock.advance(7 * DAY + 60)
    assert "back to 1.32" in refused(eks.update_nodegroup_version, **words, version="1.32")
    assert "more than 7 days ago" in refused(eks.update_cluster_version, name="demo", version="1.32")


def test_readiness_insights_and_the_support_policy_block_a_rollback(eks, make_cluster, refused):
    make_cluster(version="1.31", upgradePolicy={"supportType": "STANDARD"})
    eks.update_cluster_version(name="demo", version="1.32")
    eks.describe_cluster(name="demo")
    eks.create_addon(clusterName="demo", addonName="kube-proxy", addonVersion="v1.32.9-eksbuild.2")
    back = {"name": "demo", "version": "1.31"}
    assert "Change the upgrade policy of the cluster to EXTENDED" in refused(
        eks.update_cluster_version, **back, force=True
    )
    eks.update_cluster_config(name="demo", upgradePolicy={"supportType": "EXTENDED"})
    said = refused(eks.update_cluster_version, **back)
    assert "EKS add-on version rollback compatibility" in said and "kube-proxy is newer than version 1.31" in said
    eks.update_addon(clusterName="demo", addonName="kube-proxy", addonVersion="v1.31.13-eksbuild.2")
    assert eks.update_cluster_version(**back)["update"]["type"] == "VersionRollback"
    eks.update_cluster_version(name="demo", version="1.32")
    eks.describe_cluster(name="demo")
    eks.update_addon(clusterName="demo", addonName="kube-proxy", addonVersion="v1.32.9-eksbuild.2")
    assert eks.update_cluster_version(**back, force=True)["update"]["type"] == "VersionRollback"


def test_only_a_rollback_whose_nodes_are_on_their_way_can_be_cancelled(
    sandbox, eks, make_cluster, make_nodegroup, refused, ground
):
    auto = {
        "computeConfig": {"enabled": True, "nodePools": ["system"], "nodeRoleArn": ground.role},
        "storageConfig": {"blockStorage": {"enabled": True}},
        "kubernetesNetworkConfig": {"elasticLoadBalancing": {"enabled": True}},
        "accessConfig": {"authenticationMode": "API"},
    }
    make_cluster(version="1.32", **auto)
    eks.update_cluster_version(name="demo", version="1.33")
    eks.describe_cluster(name="demo")
    sandbox.clock.set_speed(1)
    key = eks.update_cluster_version(name="demo", version="1.32")["update"]["id"]
    assert eks.describe_cluster(name="demo")["cluster"]["status"] == "ACTIVE"  # while the nodes are on their way
    assert "in progress" in refused(eks.update_cluster_version, name="demo", version="1.32")
    asked = eks.cancel_update(name="demo", updateId=key)["update"]
    assert (asked["status"], asked["cancellation"]["status"]) == ("InProgress", "InProgress")
    assert "ResourceInUseException" in refused(eks.cancel_update, name="demo", updateId=key)
    sandbox.clock.advance(31)
    ended = update_of(eks, key)
    assert (ended["status"], ended["cancellation"]["status"]) == ("Cancelled", "Successful")
    assert "InvalidStateException" in refused(eks.cancel_update, name="demo", updateId=key)
    sandbox.clock.advance(1000)
    cluster = eks.describe_cluster(name="demo")["cluster"]
    assert (cluster["status"], cluster["version"]) == ("ACTIVE", "1.33")
    key = eks.update_cluster_version(name="demo", version="1.32")["update"]["id"]
    sandbox.faults.add(kind="fail_update", operation="CancelUpdate", message="too late")
    eks.cancel_update(name="demo", updateId=key)
    sandbox.clock.advance(31)
    assert update_of(eks, key)["cancellation"] == {"status": "Failed", "reason": "too late"}
    sandbox.clock.advance(370)
    assert "has begun" in refused(eks.cancel_update, name="demo", updateId=key)
    assert eks.describe_cluster(name="demo")["cluster"]["status"] == "UPDATING"
    sandbox.clock.advance(600)
    assert update_of(eks, key)["status"] == "Successful"
    key = eks.update_cluster_version(name="demo", version="1.33")["update"]["id"]
    assert "cannot be cancelled" in refused(eks.cancel_update, name="demo", updateId=key)


def test_updates_are_listed_for_one_resource(eks, make_cluster, make_nodegroup, refused):
    make_cluster()
    make_nodegroup()
    eks.update_nodegroup_config(clusterName="demo", nodegroupName="general", labels={"addOrUpdateLabels": {"a": "b"}})
    words = {"name": "demo", "nodegroupName": "general"}
    (key,) = eks.list_updates(**words)["updateIds"]
    assert eks.describe_update(**words, updateId=key)["update"]["type"] == "ConfigUpdate"
    assert eks.list_updates(name="demo")["updateIds"] == []
    assert "ResourceNotFoundException" in refused(eks.describe_update, name="demo", updateId=key)
    assert "ResourceNotFoundException" in refused(eks.list_updates, name="demo", addonName="coredns")
    assert "Only one of" in refused(eks.list_updates, **words, addonName="coredns")


def test_egress_goes_one_way(eks, make_cluster, refused):
    assert make_cluster()["resourcesVpcConfig"]["controlPlaneEgressMode"] == "AWS_MANAGED"
    routed = {"controlPlaneEgressMode": "CUSTOMER_ROUTED"}
    update = eks.update_cluster_config(name="demo", resourcesVpcConfig=routed)["update"]
    assert (update["type"], update["params"]) == (
        "ControlPlaneEgressUpdate",
        [{"type": "ControlPlaneEgressMode", "value": "CUSTOMER_ROUTED"}],
    )
    assert eks.describe_cluster(name="demo")["cluster"]["resourcesVpcConfig"]["controlPlaneEgressMode"] in (
        "CUSTOMER_ROUTED"
    )
    managed = {"controlPlaneEgressMode": "AWS_MANAGED"}
    assert "back to AWS_MANAGED" in refused(eks.update_cluster_config, name="demo", resourcesVpcConfig=managed)


def test_settings_of_all_components_are_one_update(eks, make_cluster, refused):
    make_cluster(kubeApiServerConfig={"eventTtl": "1h", "serviceNodePortRange": {"minPort": 30000, "maxPort": 30100}})
    update = eks.update_cluster_config(
        name="demo",
        kubeApiServerConfig={"eventTtl": "30m"},
        kubeControllerManagerConfig={"podGcControllerConfig": {"terminatedPodGcThreshold": 50}},
    )["update"]
    assert update["type"] == "ControlPlaneComponentConfigUpdate"
    assert [row["type"] for row in update["params"]] == ["KubeApiServerConfig", "KubeControllerManagerConfig"]
    cluster = eks.describe_cluster(name="demo")["cluster"]
    ports = {"minPort": 30000, "maxPort": 30100}
    assert cluster["kubeApiServerConfig"] == {"eventTtl": "30m", "serviceNodePortRange": ports}
    for wrong in ({"eventTtl": "1h30m"}, {"serviceNodePortRange": {"minPort": 2, "maxPort": 1}}):
        assert "is not valid" in refused(eks.update_cluster_config, name="demo", kubeApiServerConfig=wrong)


@pytest.mark.parametrize(
    ("kind", "groups"),
    [
        ("EC2_LINUX", ["system:nodes"]),
        ("EC2_WINDOWS", ["system:nodes", "eks:kube-proxy-windows"]),
        ("FARGATE_LINUX", ["system:nodes", "system:bootstrappers", "system:node-proxier"]),
        ("HYBRID_LINUX", ["system:nodes"]),
    ],
)
def test_entries_of_nodes(eks, make_cluster, ground, refused, kind, groups):
    make_cluster(accessConfig={"authenticationMode": "API"})
    words = {"clusterName": "demo", "principalArn": ground.role, "type": kind}
    assert "kubernetesGroups parameter cannot" in refused(eks.create_access_entry, kubernetesGroups=["g"], **words)
    assert "username parameter cannot" in refused(eks.create_access_entry, username="u", **words)
    user = "arn:aws:iam::123456789012:user/u"
    assert "must be an IAM role" in refused(eks.create_access_entry, **(words | {"principalArn": user}))
    entry = eks.create_access_entry(**words)["accessEntry"]
    assert entry["kubernetesGroups"] == groups and entry["username"].startswith("system:node:{{")
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
    scope = {"clusterName": "demo", "principalArn": ground.role, "accessScope": {"type": "cluster"}}
    assert f"of type {kind}" in refused(eks.associate_access_policy, policyArn=policy, **scope)


def test_an_unknown_type_of_entry_is_refused(eks, make_cluster, ground, refused):
    make_cluster(accessConfig={"authenticationMode": "API"})
    words = {"clusterName": "demo", "principalArn": ground.role, "type": "MAINFRAME"}
    assert "MAINFRAME, one of STANDARD" in refused(eks.create_access_entry, **words)
