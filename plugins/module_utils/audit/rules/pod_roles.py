# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""B: roles of pods, by EKS Pod Identity and IRSA, and pods that lean on their nodes."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.kumo.eks.plugins.module_utils.audit.policies import (
    ESCALATIONS,
    find_grants,
    find_wildcards,
    is_administrator,
    list_services,
    list_statements,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    CRITICAL,
    HIGH,
    MEDIUM,
    Hits,
    NotApplicable,
    Row,
    name_cluster,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.sources.workloads import list_containers, name_workload
from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import as_list
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count

PODS = "pods.eks.amazonaws.com"
AGENT = "eks-pod-identity-agent"
ANNOTATION = "eks.amazonaws.com/role-arn"
AUDIENCE = "sts.amazonaws.com"
# Environment variables by which the SDKs of AWS find credentials, and what shows that a container calls AWS
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
HINTS = (
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_SDK_LOAD_CONFIG",
    "AWS_STS_REGIONAL_ENDPOINTS",
    "AWS_S3_BUCKET",
    "S3_BUCKET",
)


def get_issuer(cluster: Row) -> str:
    return (cluster.get("identity") or {}).get("oidc", {}).get("issuer", "").removeprefix("https://")


def name_association(row: Row) -> str:
    return f"Pod identity association {row['namespace']}/{row['serviceAccount']}"


@rule(
    "B05",
    HIGH,
    "The EKS Pod Identity Agent is there where associations are",
    reads=("cluster", "pod_identity_associations", "addons"),
    why="Without the agent, pods get no credentials, or those of their node.",
    remedy="Install the add-on eks-pod-identity-agent.",
    task=("eks_addon", {"cluster_name": "{cluster}", "name": AGENT}),
)
def pod_identity_agent(cluster: Row, pod_identity_associations: list[Row], addons: list[Row]) -> Hits:
    if not pod_identity_associations:
        raise NotApplicable("the cluster has no pod identity associations")
    if (cluster.get("computeConfig") or {}).get("enabled"):
        return  # nodes of Auto Mode include it
    agent = next((row for row in addons if row["addonName"] == AGENT), None)
    if agent is None:
        yield (
            name_cluster(cluster),
            f"{format_count(len(pod_identity_associations), 'association')}, and no add-on {AGENT}",
        )
    elif agent["status"] not in ("ACTIVE", "CREATING", "UPDATING"):
        yield f"Add-on {AGENT}", f"status is {agent['status']}"


@rule(
    "B05b",
    HIGH,
    "The roles of pod identity associations exist, and let EKS Pod Identity in",
    reads=("pod_identity_associations", "association_roles"),
    why="Pods of the service account get no credentials.",
    remedy="Create the role with a trust policy for pods.eks.amazonaws.com.",
)
def association_role(pod_identity_associations: list[Row], association_roles: dict[str, Row]) -> Hits:
    for row in pod_identity_associations:
        role = association_roles.get(row["roleArn"])
        if role is None or not role["exists"]:
            yield name_association(row), f"its role {row['roleArn']} does not exist"
        elif PODS not in list_services(role["trust"]):
            yield name_association(row), f"the trust policy of {role['name']} does not name {PODS}"


@rule(
    "B05c",
    MEDIUM,
    "The service accounts of pod identity associations exist",
    reads=("pod_identity_associations", "service_accounts"),
    why="Whoever may create the namespace or the service account gets the role.",
    remedy="Delete the association, or create the service account.",
)
def association_account(pod_identity_associations: list[Row], service_accounts: list[Row]) -> Hits:
    known = {(row["metadata"]["namespace"], row["metadata"]["name"]) for row in service_accounts}
    for row in pod_identity_associations:
        if (row["namespace"], row["serviceAccount"]) not in known:
            yield name_association(row), "the service account does not exist"


def list_annotated(service_accounts: list[Row]) -> Iterator[tuple[str, str, Row]]:
    """Name, role and object of the service accounts with an IRSA annotation."""
    for row in service_accounts:
        arn = (row["metadata"].get("annotations") or {}).get(ANNOTATION)
        if arn:
            yield f"ServiceAccount {row['metadata']['namespace']}/{row['metadata']['name']}", arn, row


@rule(
    "B06",
    HIGH,
    "The cluster's OIDC provider exists where service accounts have roles",
    reads=("cluster", "service_accounts", "oidc_providers"),
    why="Without the provider in IAM, no service account gets its role by IRSA.",
    remedy="Create the OIDC provider.",
)
def oidc_provider_missing(cluster: Row, service_accounts: list[Row], oidc_providers: list[Row]) -> Hits:
    names = [name for name, _arn, _row in list_annotated(service_accounts)]
    if not names:
        raise NotApplicable(f"no service account has the annotation {ANNOTATION}")
    provider = next((row for row in oidc_providers if row["issuer"] == get_issuer(cluster)), None)
    if provider is None:
        yield (
            name_cluster(cluster),
            f"no OIDC provider for {get_issuer(cluster)}, and {format_count(len(names), 'service account')} with a role",
        )
    elif AUDIENCE not in provider["audiences"]:
        yield f"OIDC provider {provider['arn']}", f"its audiences do not have {AUDIENCE}"


@rule(
    "B06b",
    HIGH,
    "The roles of annotated service accounts trust them",
    reads=("cluster", "service_accounts", "irsa_roles"),
    why="Pods of the service account get AccessDenied, or fall back to the role of their node.",
    remedy="Let eks_irsa create the role, or correct the annotation. eks_irsa_info shows which check fails.",
    task=("eks_irsa_info", {"cluster_name": "{cluster}"}),
)
def irsa_untrusted(cluster: Row, service_accounts: list[Row], irsa_roles: dict[str, Row]) -> Hits:
    known, account = {_strip_path(arn) for arn in irsa_roles}, f":{cluster['arn'].split(':')[4]}:"
    for name, arn, _row in list_annotated(service_accounts):
        if account in arn and _strip_path(arn) not in known:  # roles of other accounts cannot be read
            yield name, f"no role {arn} trusts the OIDC provider of the cluster"


def _strip_path(arn: str) -> str:
    head, _slash, name = arn.rpartition("/")
    return f"{head.partition(':role')[0]}:role/{name}"


@rule(
    "B06c",
    HIGH,
    "Trust policies of IRSA name the service account and the audience",
    reads=("cluster", "irsa_roles"),
    why="Without a condition on the subject, every pod of the cluster can assume the role.",
    remedy="Limit the trust policy to the subject of the service account, and to the audience sts.amazonaws.com.",
)
def irsa_trust_wide(cluster: Row, irsa_roles: dict[str, Row]) -> Hits:
    issuer = get_issuer(cluster)
    for role in irsa_roles.values():
        for row in list_statements(role["trust"]):
            if issuer not in str(row.get("Principal")):
                continue
            conditions = {key: value for test in (row.get("Condition") or {}).values() for key, value in test.items()}
            subjects = [str(one) for one in as_list(conditions.get(f"{issuer}:sub") or [])]
            wide = [one for one in subjects if one.removeprefix("system:serviceaccount:").startswith("*")]
            if not subjects or wide:
                yield f"IAM role {role['name']}", f"the subject is {', '.join(wide) or 'not limited'}"


def _list_pod_roles(association_roles: dict[str, Row], irsa_roles: dict[str, Row]) -> list[Row]:
    return list({**association_roles, **irsa_roles}.values())


@rule(
    "B11",
    CRITICAL,
    "No role of pods may do everything",
    reads=("association_roles", "irsa_roles"),
    why="A compromised pod is an administrator of the account.",
    remedy="Allow the actions that the application calls, on the resources that it has.",
)
def pod_role_administrator(association_roles: dict[str, Row], irsa_roles: dict[str, Row]) -> Hits:
    for role in _list_pod_roles(association_roles, irsa_roles):
        if is_administrator(role):
            names = sorted({name for name, action in find_wildcards(role) if action == "*"})
            yield f"IAM role {role['name']}", f"all actions on all resources by {', '.join(names)}"


@rule(
    "B11b",
    HIGH,
    "No role of pods may give itself or others more rights",
    reads=("association_roles", "irsa_roles"),
    why="A compromised pod that may write policies or pass any role becomes an administrator with a few calls.",
    remedy="Limit these actions to the resources that the controller manages, or add a permissions boundary.",
)
def pod_role_escalation(association_roles: dict[str, Row], irsa_roles: dict[str, Row]) -> Hits:
    for role in _list_pod_roles(association_roles, irsa_roles):
        if is_administrator(role):
            continue
        found = [
            f"{action} by {name}"
            for action in ESCALATIONS
            for name, row in find_grants(role, action)
            if not row.get("Condition")
        ]
        if found:
            yield f"IAM role {role['name']}", "on all resources: " + "; ".join(found[:6])


@rule(
    "B07",
    MEDIUM,
    "Pods that call AWS have a separate role",
    reads=("workloads", "service_accounts", "pod_identity_associations"),
    why="Without one they use the role of their node, so the node role has to allow it to all pods.",
    remedy="Give the service account a role by EKS Pod Identity or IRSA.",
    task=(
        "eks_pod_identity",
        {
            "cluster_name": "{cluster}",
            "associations": [{"namespace": "NAMESPACE", "service_account": "NAME", "policy_arns": ["POLICY_ARN"]}],
        },
    ),
    references=("CIS EKS 5.2.1", "Kubescape C-0225"),
)
def pod_on_node_role(workloads: list[Row], service_accounts: list[Row], pod_identity_associations: list[Row]) -> Hits:
    with_role = {(row["namespace"], row["serviceAccount"]) for row in pod_identity_associations}
    with_role |= {
        (row["metadata"]["namespace"], row["metadata"]["name"]) for _n, _arn, row in list_annotated(service_accounts)
    }
    for row in workloads:
        account = row["pod"].get("serviceAccountName") or "default"
        names = {one["name"] for container in list_containers(row) for one in container.get("env") or []}
        hints = sorted(names & set(HINTS))
        if hints and not names & set(KEYS) and (row["namespace"], account) not in with_role:
            yield name_workload(row), f"it sets {', '.join(hints)}, and the service account {account} has no role"


@rule(
    "B07b",
    HIGH,
    "No pod has access keys of AWS in its environment",
    reads=("workloads",),
    why="Access keys of users do not expire, and everybody who may read the object has them.",
    remedy="Give the service account a role by EKS Pod Identity or IRSA, and delete the keys.",
    task=(
        "eks_pod_identity",
        {
            "cluster_name": "{cluster}",
            "associations": [{"namespace": "NAMESPACE", "service_account": "NAME", "policy_arns": ["POLICY_ARN"]}],
        },
    ),
    references=("CIS EKS 5.2.1",),
)
def access_keys_in_pod(workloads: list[Row]) -> Hits:
    for row in workloads:
        found = [
            f"{container['name']} {one['name']}"
            for container in list_containers(row)
            for one in container.get("env") or []
            if one["name"] in KEYS
        ]
        if found:
            yield name_workload(row), f"it sets {', '.join(found)}"


@rule(
    "B07c",
    HIGH,
    "No workload runs as administrator of the node's network with the node's credentials",
    reads=("workloads",),
    why="A pod in the network of its host reaches the instance metadata service whatever the hop limit, and gets the credentials of the node.",
    remedy="Remove hostNetwork. A pod that needs it should have a separate role, and run on separate nodes.",
    references=("CIS EKS 5.2.1",),
)
def host_network_credentials(workloads: list[Row]) -> Hits:
    for row in workloads:
        if row["pod"].get("hostNetwork") and row["kind"] != "DaemonSet":
            yield name_workload(row), "hostNetwork is true, so it reaches 169.254.169.254"


@rule(
    "B05d",
    MEDIUM,
    "No service account has both a pod identity association and an IRSA annotation",
    reads=("pod_identity_associations", "service_accounts"),
    why="Which role its pods get depends on the order in which the SDK looks. Only one of both is the intended one.",
    remedy="Remove the annotation when the association works. kumo.eks.migrate_pod_identity does it step by step.",
    task=("eks_pod_identity_migration", {"cluster_name": "{cluster}"}),
)
def two_roles(pod_identity_associations: list[Row], service_accounts: list[Row]) -> Hits:
    roles = {(row["namespace"], row["serviceAccount"]): row["roleArn"] for row in pod_identity_associations}
    for name, arn, row in list_annotated(service_accounts):
        other = roles.get((row["metadata"]["namespace"], row["metadata"]["name"]))
        if other and other != arn:
            yield name, f"annotation {arn}, association {other}"
