"""What EKS takes in a node group's launch template.

Members of the EKS API: LaunchTemplateSpecification, CreateNodegroupRequest (amiType, version, releaseVersion).
https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html
"""

from __future__ import annotations

from typing import Any

from kumo_sandbox.eks.errors import InvalidParameter, InvalidRequest
from kumo_sandbox.eks.store import Raw


def check_reference(cluster: str, asked: Raw) -> None:
    """The template by its id or by its name.

    https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/eks/node_group.go
    """
    if bool(asked.get("id")) == bool(asked.get("name")):
        raise InvalidParameter(
            "Either provide launch template ID or launch template name in the request.", clusterName=cluster
        )


def check_template(raw: Raw, data: Raw, asked: Raw) -> None:
    """Refuse what belongs to the node group, and what it and the template both set."""
    cluster = raw["clusterName"]
    for name, is_there in list_prohibited(data).items():
        if is_there:
            raise InvalidRequest(f"Launch template must not contain {name}", clusterName=cluster)
    if data.get("InstanceType") and asked.get("instanceTypes"):
        raise InvalidRequest("Cannot specify instance types in launch template and API request", clusterName=cluster)
    if data.get("ImageId"):
        _check_custom_image(cluster, asked)
    elif asked.get("amiType") == "CUSTOM":
        raise InvalidParameter(
            "You must specify an image id in your launch template, when specifying the image type CUSTOM.",
            clusterName=cluster,
        )
    if data.get("SecurityGroupIds") and any(row.get("Groups") for row in data.get("NetworkInterfaces") or []):
        raise InvalidRequest(
            "Launch template must not contain security groups both for the instance and for its network interfaces",
            clusterName=cluster,
        )


def list_prohibited(data: Raw) -> dict[str, Any]:
    """By the name of each setting that a launch template cannot have, whether it has it."""
    return {
        "subnets": any(row.get("SubnetId") for row in data.get("NetworkInterfaces") or []),
        "an instance profile": data.get("IamInstanceProfile"),
        "spot options": (data.get("InstanceMarketOptions") or {}).get("MarketType") == "spot",
        "hibernation options": data.get("HibernationOptions"),
        "a shutdown behavior": data.get("InstanceInitiatedShutdownBehavior"),
    }


def _check_custom_image(cluster: str, asked: Raw) -> None:
    if asked.get("amiType") not in (None, "CUSTOM"):
        raise InvalidParameter(
            "You cannot specify an image type other than CUSTOM, when specifying an image id in your launch template.",
            clusterName=cluster,
        )
    for key, name in (("version", "kubernetesVersion"), ("releaseVersion", "releaseVersion")):
        if asked.get(key):
            raise InvalidParameter(f"You cannot specify the field {name} when using custom AMIs.", clusterName=cluster)


def build_metadata_options(ami_type: str) -> Raw:
    """What EKS' own launch template says of the instance metadata service, without a template of the user.

    https://docs.aws.amazon.com/eks/latest/userguide/al2023.html, https://github.com/hashicorp/terraform-provider-aws/issues/38516
    """
    if ami_type.startswith("AL2_"):
        return {"HttpTokens": "optional", "HttpPutResponseHopLimit": 2}
    return {"HttpTokens": "required", "HttpPutResponseHopLimit": 1 if ami_type.startswith("AL2023_") else 2}
