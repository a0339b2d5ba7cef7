"""What calls to EKS ask for: their own action on a cluster or what belongs to it, and what EKS does in the caller's name.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelastickubernetesservice.html
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

from kumo_sandbox.eks.store import Store
from kumo_sandbox.identity.asks import Ask, Context, Parameters, Refusal, build_arn, build_pass_role, build_tag_context
from kumo_sandbox.partitions import find_partition
from kumo_sandbox.principals import ACCOUNT, get_iam_backend

# What a path names below a cluster: where the store keeps it, its ARN, its kind in an ARN.
CHILDREN = {
    "nodegroupName": ("nodegroups", "nodegroupArn", "nodegroup"),
    "fargateProfileName": ("fargate_profiles", "fargateProfileArn", "fargateprofile"),
    "addonName": ("addons", "addonArn", "addon"),
    "principalArn": ("access_entries", "accessEntryArn", "access-entry"),
    "capabilityName": ("capabilities", "arn", "capability"),
    "associationId": ("pod_identities", "associationArn", "podidentityassociation"),
}
# Roles in requests, and to whom they are passed: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-association.html
PODS, EKS = "pods.eks.amazonaws.com", "eks.amazonaws.com"
CAPABILITIES, CONNECTOR = "capabilities.eks.amazonaws.com", "ssm.amazonaws.com"
PASSED = {
    "CreateCluster": {"roleArn": EKS, "computeConfig.nodeRoleArn": EKS},
    "UpdateClusterConfig": {"computeConfig.nodeRoleArn": EKS},
    "CreateNodegroup": {"nodeRole": EKS},
    "CreateFargateProfile": {"podExecutionRoleArn": EKS},
    "CreateAddon": {"serviceAccountRoleArn": EKS},
    "UpdateAddon": {"serviceAccountRoleArn": EKS},
    "RegisterCluster": {"connectorConfig.roleArn": CONNECTOR},
    "CreateCapability": {"roleArn": CAPABILITIES},
    "UpdateCapability": {"roleArn": CAPABILITIES},
    "CreatePodIdentityAssociation": {"roleArn": PODS},
    "UpdatePodIdentityAssociation": {"roleArn": PODS},
}
# "If you create an access entry with type EC2_LINUX or EC2_Windows, the IAM principal creating the access entry must have the
# iam:PassRole permission": https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html
PASSED_TYPES = ("EC2_LINUX", "EC2_WINDOWS")
# https://docs.aws.amazon.com/eks/latest/userguide/using-service-linked-roles.html
SERVICE_LINKED = {
    "CreateCluster": ("eks.amazonaws.com", "AWSServiceRoleForAmazonEKS"),
    "CreateNodegroup": ("eks-nodegroup.amazonaws.com", "AWSServiceRoleForAmazonEKSNodegroup"),
    "CreateFargateProfile": ("eks-fargate.amazonaws.com", "AWSServiceRoleForAmazonEKSForFargate"),
}
CREATING_CLUSTERS = ("CreateCluster", "RegisterCluster")
CREATING = threading.Lock()  # calls are decided side by side
# https://github.com/aws-samples/terraform-eks-code/issues/13
LAUNCH = Refusal(
    "InvalidRequestException",
    "You are not authorized to launch instances with this launch template. Encoded authorization failure message: sandbox",
)


def build_eks_asks(store: Store, operation: str, path: dict[str, str], body: Parameters, region: str) -> Iterator[Ask]:
    arn, tags = find_resource(store, operation, path, body, region)
    given = build_tag_context(body.get("tags") or {})
    yield Ask(f"eks:{operation}", [(arn, build_tag_context(tags, "ResourceTag"))], given)
    if operation.startswith(("Create", "RegisterCluster")) and body.get("tags"):
        # https://docs.aws.amazon.com/eks/latest/userguide/eks-using-tags.html
        yield Ask("eks:TagResource", [(build_created_arn(operation, path, body, region), {})], given)
    for key, service in PASSED.get(operation, {}).items():
        role = read_member(body, key)
        if role:
            yield build_pass_role(role, service)
    if operation == "CreateAccessEntry" and body.get("type") in PASSED_TYPES:
        yield build_pass_role(body["principalArn"], EKS)
    for row in body.get("podIdentityAssociations") or [] if operation in ("CreateAddon", "UpdateAddon") else []:
        yield build_pass_role(row["roleArn"], PODS)
    if operation in SERVICE_LINKED:
        yield from build_service_linked_asks(*SERVICE_LINKED[operation], region)
    if operation == "CreateNodegroup" and body.get("launchTemplate"):
        yield from build_launch_asks(body["launchTemplate"], region)


def build_service_linked_asks(service: str, name: str, region: str) -> Iterator[Ask]:
    """EKS looks for its role in the caller's name, and creates a missing one.

    https://github.com/terraform-aws-modules/terraform-aws-eks/issues/823, https://github.com/XenitAB/terraform-modules/pull/396
    """
    backend = get_iam_backend(find_partition(region).name)

    def exists() -> bool:
        return any(role.name == name for role in backend.roles.values())

    def create() -> None:
        with CREATING:
            if not exists():
                statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
                trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
                path = f"/aws-service-role/{service}/"
                backend.create_role(name, trust, path, None, "", [], "3600", linked_service=service)

    arn = build_arn("iam", region, f"role/aws-service-role/{service}/{name}")
    missing = "due to missing permissions for"
    text = f"Failed to validate if SLR: {name} already exists {missing} 'iam:GetRole'"
    yield Ask("iam:GetRole", [(arn, {})], refusal=Refusal("InvalidRequestException", text))
    if exists():
        return
    text = f"Failed to create service linked role: {name} {missing} 'iam:CreateServiceLinkedRole'"
    context: Context = {"iam:AWSServiceName": [service]}
    refusal = Refusal("InvalidRequestException", text)
    yield Ask("iam:CreateServiceLinkedRole", [(arn, {})], context, refusal, create)


def build_launch_asks(template: dict[str, Any], region: str) -> Iterator[Ask]:
    """Who names a launch template must be allowed to run instances with it, and to give them its tags.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html
    """
    kinds = ("instance", "volume", "network-interface", f"launch-template/{template.get('id')}")
    arns = [build_arn("ec2", region, kind if "/" in kind else f"{kind}/*") for kind in kinds]
    yield Ask("ec2:RunInstances", [(arn, {}) for arn in arns], refusal=LAUNCH)
    if has_tags(template, region):
        context: Context = {"ec2:CreateAction": ["RunInstances"]}
        yield Ask("ec2:CreateTags", [(arn, {}) for arn in arns[:1]], context, LAUNCH)


def has_tags(template: dict[str, Any], region: str) -> bool:
    from moto.ec2.models import ec2_backends

    found = ec2_backends[ACCOUNT][region].launch_templates.get(template.get("id"))
    return bool(found and "TagSpecification" in str(found.latest_version().data))


def find_resource(
    store: Store, operation: str, path: dict[str, str], body: Parameters, region: str
) -> tuple[str, dict[str, str]]:
    """ARN and tags of what a policy must name: of what the path names, else of the cluster, else every one."""
    if "resourceArn" in path:
        return path["resourceArn"], {}
    name = path.get("clusterName") or path.get("name") or (body.get("name") if operation in CREATING_CLUSTERS else None)
    if not name:
        return "*", {}
    with store.lock:
        cluster = store.clusters.get((region, name))
        for key, (kind, arn, word) in CHILDREN.items():
            if key not in path:
                continue
            found = getattr(cluster, kind).get(path[key]) if cluster else None
            if found:
                return str(found[arn]), found.get("tags") or {}
            return build_arn("eks", region, f"{word}/{name}/{_name_child(path[key])}/*"), {}
        tags = cluster.raw.get("tags") if cluster else None
    return build_arn("eks", region, f"cluster/{name}"), tags or {}


def build_created_arn(operation: str, path: dict[str, str], body: Parameters, region: str) -> str:
    """The ARN of what is created, as far as it is known before."""
    if operation in CREATING_CLUSTERS:
        return build_arn("eks", region, f"cluster/{body.get('name')}")
    kind = {"CreateAccessEntry": "access-entry"}.get(operation, operation.removeprefix("Create").lower())
    name = next((_name_child(str(body[key])) for key in CHILDREN if body.get(key)), "*")
    return build_arn("eks", region, f"{kind}/{path.get('name') or path.get('clusterName')}/{name}/*")


def _name_child(name: str) -> str:
    """How an ARN below a cluster names a thing: a principal as role/ACCOUNT/NAME."""
    if not name.startswith("arn:"):
        return name
    kind, dummy, path = name.rpartition(":")[2].partition("/")
    return f"{kind}/{name.split(':')[4]}/{path.rpartition('/')[2]}"


def read_member(body: Parameters, key: str) -> str | None:
    """A member of a request by its path."""
    value: Any = body
    for part in key.split("."):
        value = (value or {}).get(part)
    return value
