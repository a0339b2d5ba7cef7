# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds of failures, each with a section of docs/errors.md. Pure.

The kind and the address of its section are two fields of a failed result, ``error_kind`` and ``help``, and no part of the message: messages
are put together, compared and shown in lists, and AWX shows the fields of a result anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

PAGE = "https://github.com/kumo-eks/kumo.eks/blob/main/docs/errors.md"
KIND, HELP = "error_kind", "help"

# In the order of the page. A kind is stable: playbooks may ask for it in a rescue.
KINDS = (
    "invalid-option",
    "unsupported-version",
    "cannot-be-changed",
    "not-owned",
    "gate-closed",
    "no-credentials",
    "credentials-expired",
    "credentials-unknown",
    "access-denied",
    "throttled",
    "quota-exceeded",
    "in-use",
    "already-exists",
    "not-found",
    "several-found",
    "not-ready",
    "request-refused",
    "aws-unavailable",
    "aws-unreachable",
    "wait-failed",
    "wait-timed-out",
    "not-drained",
    "unhealthy-after-update",
    "kubernetes-unauthorized",
    "kubernetes-forbidden",
    "kubernetes-unreachable",
    "kubernetes-untrusted",
    "kubernetes-refused",
    "kind-not-served",
    "helm-failed",
    "helm-release-pending",
    "helm-stopped",
    "cannot-be-read",
    "local-file",
    "missing-software",
    "access-not-as-expected",
    "not-confirmed",
    "result-not-accepted",
)

# NodegroupIssueCode, AddonIssueCode, ClusterIssueCode, FargateProfileIssueCode, CapabilityIssueCode and ErrorCode (of updates) in the EKS API model
ISSUE_CODES = (
    "AccessDenied",
    "AddonPermissionFailure",
    "AddonSubscriptionNeeded",
    "AdmissionRequestDenied",
    "AmiIdNotFound",
    "AsgInstanceLaunchFailures",
    "AutoScalingGroupInstanceRefreshActive",
    "AutoScalingGroupInvalidConfiguration",
    "AutoScalingGroupNotFound",
    "AutoScalingGroupOptInRequired",
    "AutoScalingGroupRateLimitExceeded",
    "ClusterUnreachable",
    "ConfigurationConflict",
    "Ec2InstanceTypeDoesNotExist",
    "Ec2LaunchTemplateDeletionFailure",
    "Ec2LaunchTemplateInvalidConfiguration",
    "Ec2LaunchTemplateMaxLimitExceeded",
    "Ec2LaunchTemplateNotFound",
    "Ec2LaunchTemplateVersionMaxLimitExceeded",
    "Ec2LaunchTemplateVersionMismatch",
    "Ec2SecurityGroupDeletionFailure",
    "Ec2SecurityGroupNotFound",
    "Ec2ServiceNotSubscribed",
    "Ec2SubnetInvalidConfiguration",
    "Ec2SubnetListTooLong",
    "Ec2SubnetMissingIpv6Assignment",
    "Ec2SubnetNotFound",
    "EniLimitReached",
    "IamInstanceProfileNotFound",
    "IamLimitExceeded",
    "IamNodeRoleNotFound",
    "IamRoleNotFound",
    "IamThrottling",
    "InstanceLimitExceeded",
    "InsufficientFreeAddresses",
    "InsufficientNumberOfReplicas",
    "InternalFailure",
    "IpNotAvailable",
    "K8sResourceNotFound",
    "KmsGrantRevoked",
    "KmsKeyDisabled",
    "KmsKeyMarkedForDeletion",
    "KmsKeyNotFound",
    "KubernetesLabelInvalid",
    "LimitExceeded",
    "NodeCreationFailure",
    "NodeTerminationFailure",
    "OperationNotPermitted",
    "Other",
    "PodEvictionFailure",
    "PodExecutionRoleAlreadyInUse",
    "ResourceLimitExceeded",
    "ResourceNotFound",
    "SecurityGroupNotFound",
    "SourceEc2LaunchTemplateNotFound",
    "StsRegionalEndpointDisabled",
    "SubnetNotFound",
    "Unknown",
    "UnsupportedAddonModification",
    "UnsupportedVersion",
    "VpcIdNotFound",
    "VpcNotFound",
)


def build_help(kind: str, issues: Iterable[Mapping[str, Any]] = ()) -> dict[str, str]:
    """The kind with the address of its section, as a part of a result.

    Args:
        kind: one of KINDS.
        issues: health issues (code) or update errors (errorCode) of EKS. The address is that of the first one that the page has.
    """
    codes = [issue.get("code") or issue.get("errorCode") for issue in issues]
    anchor = next((code.lower() for code in codes if code in ISSUE_CODES), kind)
    return {KIND: kind, HELP: f"{PAGE}#{anchor}"}


def copy_help(result: Mapping[str, Any]) -> dict[str, str]:
    """Kind and address of another result; nothing where it has none."""
    return {name: result[name] for name in (KIND, HELP) if name in result}


def copy_first_help(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Kind and address of the first row that failed: that of a task on a list."""
    return next((copy_help(row) for row in rows if row.get(HELP)), {})


def add_see(message: str, facts: Mapping[str, Any]) -> str:
    """A message with the address, for plugins that have no result: filters, lookups and inventories."""
    return f"{message.rstrip('.')}. See {facts[HELP]}"
