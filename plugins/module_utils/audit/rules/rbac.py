# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""C: what roles of Kubernetes allow, and to whom they are bound."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.kumo.eks.plugins.module_utils.audit.rbac import (
    Grants,
    allows,
    find_holders,
    is_built_in,
    list_rules,
    name_subject,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    CRITICAL,
    HIGH,
    LOW,
    MEDIUM,
    Hits,
    Row,
    name_object,
    rule,
)

ALL = ("cluster_roles", "roles", "cluster_role_bindings", "role_bindings")
EVERYBODY = ("system:anonymous", "system:unauthenticated")
# Bindings that Kubernetes itself makes for these groups: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#discovery-roles
DISCOVERY = (
    "system:public-info-viewer",
    "system:discovery",
    "system:basic-user",
    "system:service-account-issuer-discovery",
)


def list_bindings(cluster_role_bindings: list[Row], role_bindings: list[Row]) -> Iterator[tuple[str, Row]]:
    """Name and object of all bindings but those of the cluster itself."""
    for kind, rows in (("ClusterRoleBinding", cluster_role_bindings), ("RoleBinding", role_bindings)):
        for row in rows:
            if not is_built_in(row):
                yield name_object(kind, row), row


@rule(
    "C01",
    HIGH,
    "cluster-admin is bound to nobody but break-glass groups",
    reads=("cluster_role_bindings", "role_bindings"),
    why="cluster-admin reads every Secret and changes everything. A stolen token of a subject is the whole cluster.",
    remedy="Bind a role with the verbs and resources that are needed, in the namespaces where they are.",
    references=(
        "CIS EKS 4.1.1",
        "Kubescape C-0185",
        "Prowler rbac_cluster_admin_usage",
        "Polaris clusterrolebindingClusterAdmin",
        "Trivy KSV-0111",
    ),
)
def cluster_admin_bound(cluster_role_bindings: list[Row], role_bindings: list[Row]) -> Hits:
    for name, row in list_bindings(cluster_role_bindings, role_bindings):
        if row["roleRef"]["name"] == "cluster-admin":
            yield name, f"binds cluster-admin to {', '.join(map(name_subject, row.get('subjects') or [])) or 'nobody'}"


@rule(
    "C02",
    HIGH,
    "No role allows everything",
    reads=("cluster_roles", "roles"),
    why="A wildcard covers what nobody has thought of, and every kind that is added later.",
    remedy="Name the API groups, resources and verbs.",
    references=(
        "CIS EKS 4.1.3",
        "hardeneks restrict_wildcard_for_cluster_roles",
        "hardeneks restrict_wildcard_for_roles",
        "Kubescape C-0187",
        "Prowler rbac_minimize_wildcard_use_roles",
        "Trivy KSV-0044",
        "Trivy KSV-0046",
    ),
)
def wildcard_roles(cluster_roles: list[Row], roles: list[Row]) -> Hits:
    for kind, rows in (("ClusterRole", cluster_roles), ("Role", roles)):
        for row in rows:
            if is_built_in(row):
                continue
            wide = [
                one
                for one in list_rules(row)
                if "*" in (one.get("verbs") or []) and "*" in (one.get("resources") or [])
            ]
            if wide:
                groups = sorted({group or "core" for one in wide for group in one.get("apiGroups") or []})
                yield name_object(kind, row), f"all verbs on all resources of {', '.join(groups)}"


@rule(
    "C02b",
    MEDIUM,
    "No role has all verbs, or all resources of a group",
    reads=("cluster_roles", "roles"),
    why="A wildcard covers what nobody has thought of, like escalate, impersonate or deletecollection.",
    remedy="Name the resources and verbs.",
    references=("CIS EKS 4.1.3", "Kubescape C-0187", "Trivy KSV-0045"),
)
def partial_wildcard_roles(cluster_roles: list[Row], roles: list[Row]) -> Hits:
    for kind, rows in (("ClusterRole", cluster_roles), ("Role", roles)):
        for row in rows:
            if is_built_in(row):
                continue
            found = [
                one
                for one in list_rules(row)
                if ("*" in (one.get("verbs") or [])) != ("*" in (one.get("resources") or []))
            ]
            if found:
                parts = [
                    f"{','.join(one.get('verbs') or [])} on {','.join(one.get('resources') or [])}" for one in found[:3]
                ]
                yield name_object(kind, row), "; ".join(parts)


@rule(
    "C03",
    CRITICAL,
    "Nothing is bound to anonymous users",
    reads=("cluster_role_bindings", "role_bindings"),
    why="Whoever reaches the API server has these rights without any credentials.",
    remedy="Delete the binding, or bind the group that was meant.",
    references=(
        "hardeneks disable_anonymous_access_for_cluster_roles",
        "hardeneks disable_anonymous_access_for_roles",
        "Trivy KSV-0122",
    ),
)
def anonymous_bound(cluster_role_bindings: list[Row], role_bindings: list[Row]) -> Hits:
    for kind, rows in (("ClusterRoleBinding", cluster_role_bindings), ("RoleBinding", role_bindings)):
        for row in rows:
            who = [one["name"] for one in row.get("subjects") or [] if one["name"] in EVERYBODY]
            if who and row["roleRef"]["name"] not in DISCOVERY:
                yield name_object(kind, row), f"binds {row['roleRef']['name']} to {', '.join(who)}"


@rule(
    "C04",
    HIGH,
    "Nothing is bound to all authenticated users, or to system:masters",
    reads=("cluster_role_bindings", "role_bindings"),
    why="Every pod with a token and every principal with an access entry is authenticated.",
    remedy="Bind a group of those who need it.",
    references=("Trivy KSV-0123", "Trivy KSV-01011"),
)
def everybody_bound(cluster_role_bindings: list[Row], role_bindings: list[Row]) -> Hits:
    groups = ("system:authenticated", "system:serviceaccounts", "system:masters")
    for name, row in list_bindings(cluster_role_bindings, role_bindings):
        who = [one["name"] for one in row.get("subjects") or [] if one["name"] in groups]
        if who and row["roleRef"]["name"] not in DISCOVERY:
            yield name, f"binds {row['roleRef']['name']} to {', '.join(who)}"


def _judge(rows: Grants, verbs: tuple[str, ...], resources: tuple[str, ...], group: str = "") -> Hits:
    """Subjects that are not the cluster's own and may do one of the verbs on one of the resources."""
    for subject, origin in find_holders(rows, lambda one: allows(one, verbs, resources, group)):
        yield subject, f"{'/'.join(verbs)} on {', '.join(resources)} by {origin}"


@rule(
    "C05",
    MEDIUM,
    "Few may read Secrets",
    reads=ALL,
    why="Whoever lists Secrets has the passwords and tokens of all applications.",
    remedy="Limit the role to Secrets by resourceNames, or to the verbs that are needed.",
    references=(
        "CIS EKS 4.1.2",
        "Kubescape C-0186",
        "Prowler rbac_minimize_secret_access",
        "Trivy KSV-0041",
        "Trivy KSV-0113",
    ),
)
def secrets_readable(
    cluster_roles: list[Row], roles: list[Row], cluster_role_bindings: list[Row], role_bindings: list[Row]
) -> Hits:
    yield from _judge(
        (cluster_roles, roles, cluster_role_bindings, role_bindings), ("get", "list", "watch"), ("secrets",)
    )


@rule(
    "C06",
    MEDIUM,
    "Few may create pods",
    reads=ALL,
    why="A pod can mount every Secret of its namespace, and use every service account there.",
    remedy="Let people deploy by a pipeline, and controllers in their own namespaces.",
    references=("CIS EKS 4.1.4", "Kubescape C-0188", "Prowler rbac_minimize_pod_creation_access", "Trivy KSV-0048"),
)
def pods_creatable(
    cluster_roles: list[Row], roles: list[Row], cluster_role_bindings: list[Row], role_bindings: list[Row]
) -> Hits:
    yield from _judge((cluster_roles, roles, cluster_role_bindings, role_bindings), ("create",), ("pods",))


@rule(
    "C07",
    HIGH,
    "Few may run commands in pods",
    reads=ALL,
    why="A command in a pod has the rights of its service account and its IAM role.",
    remedy="Remove pods/exec and pods/attach from the role.",
    references=("Polaris clusterrolePodExecAttach", "Trivy KSV-0053"),
)
def pods_executable(
    cluster_roles: list[Row], roles: list[Row], cluster_role_bindings: list[Row], role_bindings: list[Row]
) -> Hits:
    rows = (cluster_roles, roles, cluster_role_bindings, role_bindings)
    yield from _judge(rows, ("create", "get"), ("pods/exec", "pods/attach"))


@rule(
    "C08",
    CRITICAL,
    "Nobody may bind, escalate or impersonate",
    reads=ALL,
    why="Each of these verbs gives all rights of the cluster with one more call.",
    remedy="Remove the verbs from the role.",
    references=("CIS EKS 4.1.8", "Kubescape C-0191", "Trivy KSV-0043", "Trivy KSV-0050"),
)
def rights_escalation(
    cluster_roles: list[Row], roles: list[Row], cluster_role_bindings: list[Row], role_bindings: list[Row]
) -> Hits:
    grants = (cluster_roles, roles, cluster_role_bindings, role_bindings)

    def is_escalation(one: Row) -> bool:
        rbac = allows(one, ("bind", "escalate"), ("clusterroles", "roles"), "rbac.authorization.k8s.io")
        return rbac or allows(one, ("impersonate",), ("users", "groups", "serviceaccounts"))

    for subject, origin in find_holders(grants, is_escalation):
        yield subject, f"bind, escalate or impersonate by {origin}"


@rule(
    "C09",
    MEDIUM,
    "Few may create PersistentVolumes",
    reads=ALL,
    why="A PersistentVolume with a hostPath is a way to the files of a node.",
    remedy="Let CSI drivers create volumes from claims.",
    references=("CIS EKS 4.1.9", "Prowler rbac_minimize_pv_creation_access"),
)
def volumes_creatable(
    cluster_roles: list[Row], roles: list[Row], cluster_role_bindings: list[Row], role_bindings: list[Row]
) -> Hits:
    yield from _judge((cluster_roles, roles, cluster_role_bindings, role_bindings), ("create",), ("persistentvolumes",))


@rule(
    "C10",
    HIGH,
    "Nobody may reach kubelets through the API server",
    reads=ALL,
    why="nodes/proxy runs commands in all pods of a node, and no audit log shows them.",
    remedy="Remove nodes/proxy. Metrics need nodes/metrics.",
    references=("CIS EKS 4.1.10", "Prowler rbac_minimize_node_proxy_subresource_access", "Trivy KSV-0047"),
)
def nodes_proxied(
    cluster_roles: list[Row], roles: list[Row], cluster_role_bindings: list[Row], role_bindings: list[Row]
) -> Hits:
    yield from _judge((cluster_roles, roles, cluster_role_bindings, role_bindings), ("get", "create"), ("nodes/proxy",))


@rule(
    "C11",
    MEDIUM,
    "Few may change admission webhooks",
    reads=ALL,
    why="A webhook sees and changes all objects, Secrets as well.",
    remedy="Leave this to the controllers that own the webhooks, limited by resourceNames.",
    references=("CIS EKS 4.1.11", "Prowler rbac_minimize_webhook_config_access", "Trivy KSV-0114"),
)
def webhooks_changeable(
    cluster_roles: list[Row], roles: list[Row], cluster_role_bindings: list[Row], role_bindings: list[Row]
) -> Hits:
    kinds = ("mutatingwebhookconfigurations", "validatingwebhookconfigurations")
    rows = (cluster_roles, roles, cluster_role_bindings, role_bindings)
    yield from _judge(rows, ("create", "update", "patch"), kinds, "admissionregistration.k8s.io")


@rule(
    "C12",
    HIGH,
    "Few may create tokens of service accounts",
    reads=ALL,
    why="With a token one is the service account, with its rights and its IAM role.",
    remedy="Remove serviceaccounts/token, or limit it by resourceNames.",
    references=("CIS EKS 4.1.12", "Prowler rbac_minimize_service_account_token_creation"),
)
def tokens_creatable(
    cluster_roles: list[Row], roles: list[Row], cluster_role_bindings: list[Row], role_bindings: list[Row]
) -> Hits:
    yield from _judge(
        (cluster_roles, roles, cluster_role_bindings, role_bindings), ("create",), ("serviceaccounts/token",)
    )


@rule(
    "C13",
    HIGH,
    "Few may approve certificates",
    reads=ALL,
    why="Whoever approves certificate requests can become any user of the cluster.",
    remedy="Remove certificatesigningrequests/approval from the role.",
    references=("Prowler rbac_minimize_csr_approval_access",),
)
def certificates_approvable(
    cluster_roles: list[Row], roles: list[Row], cluster_role_bindings: list[Row], role_bindings: list[Row]
) -> Hits:
    rows = (cluster_roles, roles, cluster_role_bindings, role_bindings)
    yield from _judge(rows, ("update", "patch"), ("certificatesigningrequests/approval",), "certificates.k8s.io")


@rule(
    "C15",
    LOW,
    "Bindings refer to roles and service accounts that exist",
    reads=(*ALL, "service_accounts"),
    why="Whoever creates a role or an account of this name decides what the binding allows.",
    remedy="Delete the binding, or correct the name.",
    references=("Popeye POP-1300",),
)
def dangling_bindings(
    cluster_roles: list[Row],
    roles: list[Row],
    cluster_role_bindings: list[Row],
    role_bindings: list[Row],
    service_accounts: list[Row],
) -> Hits:
    wide = {row["metadata"]["name"] for row in cluster_roles}
    narrow = {(row["metadata"]["namespace"], row["metadata"]["name"]) for row in roles}
    accounts = {(row["metadata"]["namespace"], row["metadata"]["name"]) for row in service_accounts}
    for name, row in list_bindings(cluster_role_bindings, role_bindings):
        ref, space = row["roleRef"], row["metadata"].get("namespace", "")
        if ref["name"] not in wide if ref["kind"] == "ClusterRole" else (space, ref["name"]) not in narrow:
            yield name, f"{ref['kind']} {ref['name']} does not exist"
        lost = [
            f"{one.get('namespace') or space}/{one['name']}"
            for one in row.get("subjects") or []
            if one["kind"] == "ServiceAccount" and (one.get("namespace") or space, one["name"]) not in accounts
        ]
        if lost:
            yield name, f"service account {', '.join(lost)} does not exist"
