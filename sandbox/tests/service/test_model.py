"""The sandbox and botocore's model of EKS: every shape, both ways, and no field of a creation lost."""

from __future__ import annotations

import json
from typing import Any

import botocore.parsers
import botocore.serialize
import pytest
from botocore.model import Shape

from kumo_sandbox.eks import model
from kumo_sandbox.eks.context import OPERATIONS

MODEL = model.load_service_model()
NUMBERS = {"integer": 7, "long": 7, "float": 1.5, "double": 1.5}
# What CreateCluster takes and DescribeCluster does not answer, or what is of another kind of cluster.
UNANSWERED = {"clientRequestToken", "bootstrapSelfManagedAddons", "outpostConfig"}


def sample(shape: Shape, seen: tuple[str, ...] = ()) -> Any:
    """A value with every member of a shape."""
    if shape.type_name == "structure":
        assert seen.count(shape.name) < 2
        return {key: sample(member, (*seen, shape.name)) for key, member in shape.members.items()}
    if shape.type_name == "list":
        return [sample(shape.member, seen)]
    if shape.type_name == "map":
        return {"Key": sample(shape.value, seen)}
    if shape.type_name == "boolean":
        return True
    if shape.type_name == "timestamp":
        return 1_700_000_000
    if shape.type_name in NUMBERS:
        return max(NUMBERS[shape.type_name], shape.metadata.get("min", 0))
    return shape.enum[0] if shape.enum else "a" * max(1, shape.metadata.get("min", 0))


@pytest.mark.parametrize("name", MODEL.operation_names)
def test_every_request_is_read_as_it_was_meant(name):
    operation = MODEL.operation_model(name)
    params = sample(operation.input_shape)
    request = botocore.serialize.create_serializer("rest-json").serialize_to_request(params, operation)
    path, body = request["url_path"], request["body"]
    found, values = model.match(request["method"], path)
    assert found.name == name
    query = "&".join(
        f"{key}={str(each).lower() if isinstance(each, bool) else each}"
        for key, value in request["query_string"].items()
        for each in (value if isinstance(value, list) else [value])
    )
    assert model.parse(operation, values, query, body or b"") == params


@pytest.mark.parametrize("name", MODEL.operation_names)
def test_every_answer_reaches_boto3_as_it_was_made(name):
    shape = MODEL.operation_model(name).output_shape
    answer = sample(shape)
    body = json.dumps(model.shape_answer(shape, answer)).encode()
    parser = botocore.parsers.create_parser("rest-json")
    parsed = parser.parse({"status_code": 200, "headers": {}, "body": body}, shape)
    parsed.pop("ResponseMetadata")
    assert plain(parsed) == answer


def plain(value: Any) -> Any:
    """With moments as seconds."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return int(value.timestamp()) if hasattr(value, "timestamp") else value


def test_a_value_outside_an_enum_and_a_missing_member_are_refused():
    operation = MODEL.operation_model("CreateNodegroup")
    body = {"nodegroupName": "a", "subnets": [], "nodeRole": "r", "capacityType": "FREE"}
    with pytest.raises(Exception, match="FREE"):
        model.parse(operation, {"name": "c"}, "", json.dumps(body).encode())
    with pytest.raises(Exception, match="nodeRole"):
        model.parse(operation, {"name": "c"}, "", b'{"nodegroupName": "a", "subnets": []}')


def covered(operation: str, request: dict[str, Any]) -> None:
    """The request has every member that the operation takes, so that a new one is missed here."""
    assert set(request) | UNANSWERED >= set(MODEL.operation_model(operation).input_shape.members)


def contains(found: Any, asked: Any) -> bool:
    if isinstance(asked, dict):
        return isinstance(found, dict) and all(contains(found.get(key), value) for key, value in asked.items())
    return bool(found == asked)


def lost(found: dict[str, Any], asked: dict[str, Any]) -> list[str]:
    return [key for key, value in asked.items() if not contains(found.get(key), value)]


def test_no_field_of_a_cluster_is_lost(eks, ground):
    networks = [{"cidrs": ["10.200.0.0/16"]}]
    request = {
        "name": "demo",
        "version": "1.33",
        "roleArn": ground.role,
        "resourcesVpcConfig": {
            "subnetIds": ground.subnets,
            "securityGroupIds": [],
            "endpointPublicAccess": True,
            "endpointPrivateAccess": True,
            "publicAccessCidrs": ["203.0.113.0/24"],
            "controlPlaneEgressMode": "CUSTOMER_ROUTED",
        },
        "kubernetesNetworkConfig": {
            "serviceIpv4Cidr": "10.100.0.0/16",
            "ipFamily": "ipv4",
            "elasticLoadBalancing": {"enabled": True},
        },
        "logging": {"clusterLogging": [{"types": ["api", "audit"], "enabled": True}]},
        "tags": {"Team": "a"},
        "encryptionConfig": [{"resources": ["secrets"], "provider": {"keyArn": "arn:aws:kms:::key/a"}}],
        "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
        "upgradePolicy": {"supportType": "STANDARD"},
        "zonalShiftConfig": {"enabled": True},
        "remoteNetworkConfig": {"remoteNodeNetworks": networks, "remotePodNetworks": networks},
        "computeConfig": {"enabled": True, "nodePools": ["system"], "nodeRoleArn": ground.role},
        "storageConfig": {"blockStorage": {"enabled": True}},
        "deletionProtection": True,
        "controlPlaneScalingConfig": {"tier": "tier-xl"},
        "kubeApiServerConfig": {"eventTtl": "30m", "serviceNodePortRange": {"minPort": 30000, "maxPort": 30100}},
        "kubeSchedulerConfig": {"nodeResourcesFit": {"scoringStrategy": {"type": "MostAllocated"}}},
        "kubeControllerManagerConfig": {"podGcControllerConfig": {"terminatedPodGcThreshold": 100}},
    }
    covered("CreateCluster", request)
    eks.create_cluster(**request)
    found = eks.describe_cluster(name="demo")["cluster"]
    found["logging"]["clusterLogging"] = [row for row in found["logging"]["clusterLogging"] if row["enabled"]]
    assert request["accessConfig"].pop("bootstrapClusterCreatorAdminPermissions") is False  # EKS answers without
    assert lost(found, request) == []


def test_no_field_of_a_node_group_is_lost(eks, ground, make_cluster, sandbox):
    make_cluster()
    sandbox.client("ec2").create_key_pair(KeyName="key")
    request = {
        "clusterName": "demo",
        "nodegroupName": "general",
        "scalingConfig": {"minSize": 1, "maxSize": 3, "desiredSize": 2},
        "diskSize": 50,
        "subnets": ground.subnets,
        "instanceTypes": ["m5.large"],
        "amiType": "AL2023_x86_64_STANDARD",
        "remoteAccess": {"ec2SshKey": "key"},
        "nodeRole": ground.role,
        "labels": {"Role": "general"},
        "taints": [{"key": "a", "value": "b", "effect": "NO_SCHEDULE"}],
        "tags": {"Team": "a"},
        "updateConfig": {"maxUnavailable": 2},
        "nodeRepairConfig": {"enabled": True},
        "capacityType": "SPOT",
        "version": "1.30",
        "releaseVersion": "1.30.14-20261105",
        "warmPoolConfig": {"enabled": True, "minSize": 1, "maxGroupPreparedCapacity": 4, "poolState": "RUNNING"},
    }
    covered("CreateNodegroup", {**request, "launchTemplate": None})  # excludes disk size and remote access
    eks.create_nodegroup(**request)
    words = {"clusterName": "demo", "nodegroupName": "general"}
    found = eks.describe_nodegroup(**words)["nodegroup"]
    assert lost(found, request) == []
    group = found["resources"]["autoScalingGroups"][0]["name"]
    pool = sandbox.client("autoscaling").describe_warm_pool(AutoScalingGroupName=group)["WarmPoolConfiguration"]
    assert (pool["MinSize"], pool["PoolState"], pool["MaxGroupPreparedCapacity"]) == (1, "Running", 4)
    eks.update_nodegroup_config(**words, warmPoolConfig={"minSize": 2})
    warm = eks.describe_nodegroup(**words)["nodegroup"]["warmPoolConfig"]
    assert warm == {**request["warmPoolConfig"], "minSize": 2, "reuseOnScaleIn": False}
    eks.update_nodegroup_config(**words, warmPoolConfig={"enabled": False})
    eks.describe_nodegroup(**words)
    assert "WarmPoolConfiguration" not in sandbox.client("autoscaling").describe_warm_pool(AutoScalingGroupName=group)


def test_no_field_of_the_others_is_lost(eks, ground, make_cluster):
    make_cluster(accessConfig={"authenticationMode": "API"})
    account = {"serviceAccount": "coredns", "roleArn": ground.pods_role}
    cases = [
        (
            "CreateAddon",
            {"addonName": "coredns", "addonVersion": None, "serviceAccountRoleArn": ground.role}
            | {"resolveConflicts": "OVERWRITE", "tags": {"A": "1"}, "configurationValues": '{"replicaCount": 3}'}
            | {"podIdentityAssociations": [account], "namespaceConfig": {"namespace": "kube-system"}},
            {"resolveConflicts", "podIdentityAssociations", "addonVersion"},
        ),
        (
            "CreateFargateProfile",
            {"fargateProfileName": "f", "podExecutionRoleArn": ground.role, "subnets": ground.subnets}
            | {"selectors": [{"namespace": "a", "labels": {"B": "c"}}], "tags": {"A": "1"}},
            set(),
        ),
        (
            "CreateAccessEntry",
            {"principalArn": ground.pods_role, "kubernetesGroups": ["g"], "tags": {"A": "1"}, "username": "u"}
            | {"type": "STANDARD"},
            set(),
        ),
        (
            "CreatePodIdentityAssociation",
            {"namespace": "n", "serviceAccount": "s", "roleArn": ground.pods_role, "tags": {"A": "1"}}
            | {"disableSessionTags": True, "targetRoleArn": ground.role, "policy": '{"Statement": []}'},
            set(),
        ),
    ]
    for operation, words, answered_otherwise in cases:
        request = {"clusterName": "demo", **words}
        covered(operation, request)
        given = {key: value for key, value in request.items() if value is not None}
        method = getattr(eks, "".join(f"_{c.lower()}" if c.isupper() else c for c in operation).lstrip("_"))
        (found,) = (value for key, value in method(**given).items() if key != "ResponseMetadata")
        assert [key for key in lost(found, given) if key not in answered_otherwise] == []


def test_what_is_not_acted_out_is_known():
    missing = {name for name in MODEL.operation_names if name not in OPERATIONS}
    assert missing == {name for name in MODEL.operation_names if "EksAnywhere" in name}
    assert len(missing) == 5
