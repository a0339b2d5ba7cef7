"""Clusters: their statuses over time, and what the service refuses."""

from __future__ import annotations

import re

import pytest

from kumo_sandbox import durations


def test_a_cluster_takes_its_time(sandbox, eks, make_cluster):
    sandbox.clock.set_speed(1)
    assert make_cluster()["status"] == "CREATING"
    sandbox.clock.advance(durations.CLUSTER_CREATE - 60)
    assert eks.describe_cluster(name="demo")["cluster"]["status"] == "CREATING"
    sandbox.clock.advance(61)
    assert eks.describe_cluster(name="demo")["cluster"]["status"] == "ACTIVE"


def test_an_active_cluster_says_where_it_stands(sandbox, ground, make_cluster):
    cluster, other = make_cluster("one"), make_cluster("two")
    config = cluster["resourcesVpcConfig"]
    subnet = sandbox.client("ec2").describe_subnets(SubnetIds=ground.subnets[:1])["Subnets"][0]
    assert config["vpcId"] == subnet["VpcId"]
    sandbox.client("ec2").describe_security_groups(GroupIds=[config["clusterSecurityGroupId"]])
    issuer = r"https://oidc\.eks\.ap-northeast-1\.amazonaws\.com/id/[0-9A-F]{32}"
    assert re.fullmatch(issuer, cluster["identity"]["oidc"]["issuer"])
    assert cluster["identity"] != other["identity"]
    assert cluster["endpoint"].startswith("https://")


def test_unknown_names(eks, refused):
    assert refused(eks.describe_cluster, name="gone") == "ResourceNotFoundException: No cluster found for name: gone."


def test_names_are_taken_once(make_cluster, eks, ground, refused):
    make_cluster()
    words = {"name": "demo", "roleArn": ground.role, "resourcesVpcConfig": {"subnetIds": ground.subnets}}
    assert refused(eks.create_cluster, **words) == "ResourceInUseException: Cluster already exists with name: demo"


def test_the_same_token_makes_one_cluster(make_cluster, eks):
    make_cluster(clientRequestToken="abc")
    make_cluster(clientRequestToken="abc")
    assert eks.list_clusters()["clusters"] == ["demo"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"version": "1.12"}, "unsupported Kubernetes version 1.12"),
        ({"name": "no spaces"}, "does not match"),
        ({"roleArn": "arn:aws:iam::123456789012:role/none"}, "could not be assumed"),
        ({"resourcesVpcConfig": {"subnetIds": ["subnet-1"]}}, "subnet-1"),
        ({"accessConfig": {"authenticationMode": "NONE"}}, "API_AND_CONFIG_MAP"),
    ],
)
def test_bad_creations(eks, ground, refused, options, words):
    good = {"name": "demo", "roleArn": ground.role, "resourcesVpcConfig": {"subnetIds": ground.subnets}}
    message = refused(eks.create_cluster, **(good | options))
    assert message.startswith("InvalidParameterException") and words in message
    assert eks.list_clusters()["clusters"] == []


def test_versions_aws_no_longer_offers(sandbox, eks, ground, refused, make_cluster):
    assert make_cluster(version="1.29")["version"] == "1.29"
    sandbox.settings.refuse_unsupported = True
    words = {"name": "x", "roleArn": ground.role, "resourcesVpcConfig": {"subnetIds": ground.subnets}}
    assert "unsupported Kubernetes version 1.29" in refused(eks.create_cluster, version="1.29", **words)
    rows = eks.describe_cluster_versions(includeAll=True)["clusterVersions"]
    assert {r["clusterVersion"]: r["versionStatus"] for r in rows}["1.29"] == "UNSUPPORTED"
    assert [r["clusterVersion"] for r in eks.describe_cluster_versions(defaultOnly=True)["clusterVersions"]] == ["1.35"]


def test_one_minor_version_a_step(eks, make_cluster, refused):
    make_cluster()
    assert "InvalidParameter" in refused(eks.update_cluster_version, name="demo", version="1.32")
    assert "InvalidParameter" in refused(eks.update_cluster_version, name="demo", version="1.29")
    update = eks.update_cluster_version(name="demo", version="1.31")["update"]
    assert (update["status"], update["type"]) == ("InProgress", "VersionUpdate")
    assert eks.describe_update(name="demo", updateId=update["id"])["update"]["status"] == "Successful"
    assert eks.describe_cluster(name="demo")["cluster"]["version"] == "1.31"


def test_one_update_at_a_time(sandbox, eks, make_cluster, refused):
    make_cluster()
    sandbox.clock.set_speed(1)
    eks.update_cluster_version(name="demo", version="1.31")
    assert eks.describe_cluster(name="demo")["cluster"]["status"] == "UPDATING"
    assert refused(eks.update_cluster_config, name="demo", deletionProtection=True).startswith("ResourceInUseException")


def test_one_kind_of_change_a_call(eks, make_cluster, refused):
    make_cluster()
    logging = {"clusterLogging": [{"types": ["api"], "enabled": True}]}
    vpc = {"endpointPrivateAccess": True}
    assert "Only one type" in refused(eks.update_cluster_config, name="demo", logging=logging, resourcesVpcConfig=vpc)
    update = eks.update_cluster_config(name="demo", logging=logging)["update"]
    assert update["params"][0]["type"] == "ClusterLogging"
    rows = eks.describe_cluster(name="demo")["cluster"]["logging"]["clusterLogging"]
    assert rows[0] == {"types": ["api"], "enabled": True}
    assert "No changes needed" in refused(eks.update_cluster_config, name="demo", logging=logging)


def test_a_patch_leaves_the_rest_of_the_network_alone(eks, make_cluster):
    before = make_cluster()["resourcesVpcConfig"]
    eks.update_cluster_config(name="demo", resourcesVpcConfig={"endpointPrivateAccess": True})
    after = eks.describe_cluster(name="demo")["cluster"]["resourcesVpcConfig"]
    assert after == before | {"endpointPrivateAccess": True}


def test_what_stands_in_the_way_of_a_deletion(eks, make_cluster, make_nodegroup, refused):
    make_cluster(deletionProtection=True)
    make_nodegroup()
    assert "deletion protection" in refused(eks.delete_cluster, name="demo")
    eks.update_cluster_config(name="demo", deletionProtection=False)
    assert refused(eks.delete_cluster, name="demo") == "ResourceInUseException: Cluster has nodegroups attached"
    eks.delete_nodegroup(clusterName="demo", nodegroupName="general")
    eks.delete_cluster(name="demo")
    assert eks.list_clusters()["clusters"] == []


def test_a_creation_that_fails(sandbox, eks, make_cluster):
    sandbox.add_fault(kind="fail_creation", operation="CreateCluster", code="Ec2SubnetNotFound", message="no subnet")
    cluster = make_cluster()
    assert cluster["status"] == "FAILED"
    assert cluster["health"]["issues"][0]["message"] == "no subnet"


def test_an_update_that_fails(sandbox, eks, make_cluster):
    make_cluster()
    sandbox.add_fault(kind="fail_update", code="IpNotAvailable", message="no address left")
    key = eks.update_cluster_version(name="demo", version="1.31")["update"]["id"]
    update = eks.describe_update(name="demo", updateId=key)["update"]
    assert update["status"] == "Failed"
    assert update["errors"][0] == {"errorCode": "IpNotAvailable", "errorMessage": "no address left", "resourceIds": []}
    cluster = eks.describe_cluster(name="demo")["cluster"]
    assert (cluster["status"], cluster["version"]) == ("ACTIVE", "1.30")


def test_pages(eks, make_cluster):
    for name in ("a", "b", "c"):
        make_cluster(name)
    first = eks.list_clusters(maxResults=2)
    assert first["clusters"] == ["a", "b"]
    assert eks.list_clusters(nextToken=first["nextToken"])["clusters"] == ["c"]


def test_tags(eks, make_cluster, make_nodegroup, refused, ground):
    words = {"clusterName": "demo"}
    arns = [make_cluster(accessConfig={"authenticationMode": "API"})["arn"], make_nodegroup()["nodegroupArn"]]
    place = {"podExecutionRoleArn": ground.role, "subnets": ground.subnets, "selectors": [{"namespace": "a"}]}
    arns.append(
        eks.create_fargate_profile(fargateProfileName="f", **place, **words)["fargateProfile"]["fargateProfileArn"]
    )
    arns.append(eks.create_addon(addonName="vpc-cni", **words)["addon"]["addonArn"])
    arns.append(eks.create_access_entry(principalArn=ground.pods_role, **words)["accessEntry"]["accessEntryArn"])
    pod = {"namespace": "n", "serviceAccount": "s", "roleArn": ground.pods_role}
    arns.append(eks.create_pod_identity_association(**pod, **words)["association"]["associationArn"])
    oidc = {"identityProviderConfigName": "i", "issuerUrl": "https://id.example.com", "clientId": "kube"}
    eks.associate_identity_provider_config(oidc=oidc, **words)
    name = {"type": "oidc", "name": "i"}
    config = eks.describe_identity_provider_config(identityProviderConfig=name, **words)["identityProviderConfig"]
    arns.append(config["oidc"]["identityProviderConfigArn"])
    for arn in arns:
        eks.tag_resource(resourceArn=arn, tags={"CamelCase": "1", "b": "2"})
        eks.untag_resource(resourceArn=arn, tagKeys=["b"])
        assert eks.list_tags_for_resource(resourceArn=arn)["tags"] == {"CamelCase": "1"}
    assert "NotFoundException" in refused(eks.list_tags_for_resource, resourceArn=arn + "x")


def test_an_identity_provider_is_associated_and_goes(eks, make_cluster, refused):
    make_cluster()
    name = {"type": "oidc", "name": "company"}
    oidc = {"identityProviderConfigName": "company", "issuerUrl": "https://id.example.com", "clientId": "kube"}
    key = eks.associate_identity_provider_config(clusterName="demo", oidc=oidc)["update"]["id"]
    assert eks.describe_update(name="demo", updateId=key)["update"]["status"] == "Successful"
    words = {"clusterName": "demo", "identityProviderConfig": name}
    config = eks.describe_identity_provider_config(**words)["identityProviderConfig"]["oidc"]
    assert config["status"] == "ACTIVE"
    again = oidc | {"identityProviderConfigName": "second"}
    assert "ResourceLimitExceeded" in refused(eks.associate_identity_provider_config, clusterName="demo", oidc=again)
    eks.disassociate_identity_provider_config(**words)
    assert eks.list_identity_provider_configs(clusterName="demo")["identityProviderConfigs"] == []
    assert "is not associated with cluster" in refused(eks.disassociate_identity_provider_config, **words)
    for wrong in ({"issuerUrl": "https://id.example.com?a=b"}, {"groupsPrefix": "system:"}):
        text = refused(eks.associate_identity_provider_config, clusterName="demo", oidc=oidc | wrong)
        assert text.startswith("InvalidParameterException")


def test_an_identity_provider_whose_association_fails_is_not_there(sandbox, eks, make_cluster):
    make_cluster()
    sandbox.add_fault(kind="fail_update")
    oidc = {"identityProviderConfigName": "company", "issuerUrl": "https://id.example.com", "clientId": "kube"}
    eks.associate_identity_provider_config(clusterName="demo", oidc=oidc)
    assert eks.list_identity_provider_configs(clusterName="demo")["identityProviderConfigs"] == []


def test_insights_are_a_picture_taken_at_a_refresh(sandbox, eks, make_cluster, make_nodegroup):
    make_cluster(version="1.32")
    make_nodegroup()
    (cluster,) = sandbox.store.clusters.values()
    cluster.nodegroups["general"]["version"] = "1.29"  # from before EKS asked for the cluster's

    def skew() -> dict:
        rows = eks.list_insights(clusterName="demo", filter={"kubernetesVersions": ["1.33"]})["insights"]
        return next(row for row in rows if row["name"] == "Kubelet version skew")

    assert skew()["insightStatus"]["status"] == "ERROR"
    described = eks.describe_insight(clusterName="demo", id=skew()["id"])["insight"]
    assert "nodegroup/demo/general" in described["resources"][0]["arn"]
    eks.update_nodegroup_version(clusterName="demo", nodegroupName="general", version="1.32")
    assert skew()["insightStatus"]["status"] == "ERROR"
    eks.start_insights_refresh(clusterName="demo")
    assert eks.describe_insights_refresh(clusterName="demo")["status"] == "COMPLETED"
    assert skew()["insightStatus"]["status"] == "PASSING"


def test_versions_have_tiers_and_limits(eks):
    newest = eks.describe_cluster_versions(clusterVersions=["1.35"])["clusterVersions"][0]
    assert [row["tierName"] for row in newest["controlPlaneScalingTiers"]] == [
        "tier-xl",
        "tier-2xl",
        "tier-4xl",
        "tier-8xl",
    ]
    ports = newest["controlPlaneComponentConfig"]["kubeApiServerConfig"]["serviceNodePortRange"]
    assert ports["defaultValue"] == {"minPort": 30000, "maxPort": 32767}
    oldest = eks.describe_cluster_versions(clusterVersions=["1.30"])["clusterVersions"][0]
    assert "controlPlaneComponentConfig" not in oldest
