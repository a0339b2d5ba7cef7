# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the resources of EKS have in common: how the service says that it is busy, that a thing exists, or that it is not seen yet."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code, has_message, is_not_found
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import OWNED
from ansible_collections.kumo.eks.plugins.module_utils.aws.partition import get_partition
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import check_tags, keep_current_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Resource
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.placement import find_arn_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import raise_problems

# EKS sees a new IAM role, and policies that were just attached, seconds to minutes after IAM has answered, and refuses them until then.
# The texts: https://github.com/hashicorp/terraform-provider-aws/tree/main/internal/service/eks (cluster.go, fargate_profile.go, addon.go,
# pod_identity_association.go), whose creations repeat the request for them; the one of node groups:
# https://github.com/bottlerocket-os/bottlerocket-update-operator/issues/316.
PROPAGATION_TEXTS = (
    "Error in role params",
    "could not be assumed",  # "Role with arn: ..., could not be assumed because it does not exist or the trusted entity is not correct"
    "The provided role doesn't have the Amazon EKS Managed Policies",
    "IAM role's policy must include",
    "Misconfigured PodExecutionRole Trust Policy",
    "Following required service principals",
    "Not existing role",  # RegisterCluster: cluster_registration.go in the same folder
    "Trust policy of the role provided is invalid",  # CreatePodIdentityAssociation, while it sees the one before
)
# "roleArn, arn:aws:iam::123456789012:role/x, does not exist", "Role provided in the request does not exist". Of a subnet or a key pair
# EKS says the same, and that is final.
NO_SUCH_ROLE = re.compile(r"\brole\b.*does not exist", re.IGNORECASE | re.DOTALL)


class EksResource(Resource):
    """What is the same for all of EKS' resources."""

    refusal = "EKS refused its IAM role"
    refusal_advice = "Check that the role exists, that its trust policy allows the service, and that it has the policies that EKS asks for."
    owner = ""  # key of the tag that marks what is created here; empty where the task asks for no mark

    def __init__(self, client: Any, name: str) -> None:
        self.client = client
        self.name = name

    def mark(self, desired: dict[str, Any]) -> dict[str, Any]:
        """The desired state of a creation, with the mark of ownership among its tags."""
        return {**desired, "tags": {**(desired.get("tags") or {}), self.owner: OWNED}} if self.owner else desired

    def validate(self, raw: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        check_tags(desired.get("tags"))

    def check_arns(self, desired: dict[str, Any]) -> None:
        """Refuse ARNs of another partition, and KMS keys of another region."""
        region = self.client.meta.region_name
        raise_problems(find_arn_problems(desired, get_partition(region), region))

    def adjust(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        return keep_current_tags(desired, raw)

    def is_in_use(self, error: Exception) -> bool:
        """An update or another profile is under way; not: it exists already, or something is attached to it."""
        if has_message(error, "already exists") or has_message(error, "attached"):
            return False
        return has_code(error, "ResourceInUseException")

    def is_propagating(self, error: Exception) -> bool:
        """EKS does not see a new role, its trust policy or its policies yet."""
        if not has_code(error, "InvalidParameterException", "InvalidRequestException"):
            return False
        return any(has_message(error, text) for text in PROPAGATION_TEXTS) or bool(NO_SUCH_ROLE.search(str(error)))

    def already_exists(self, error: Exception) -> bool:
        return has_code(error, "ResourceInUseException") and has_message(error, "already exists")

    def is_missing(self, error: Exception) -> bool:
        return is_not_found(error)
