# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the modules for what EKS offers, and for the operation of a cluster."""

from __future__ import annotations

from support.bad_inputs.row import module, role

versions = module("eks_version_info")
addon_versions = module("eks_addon_version_info")
VERSIONS = [
    versions("a version without quotes", "versions[1]", "'1.3'", "put the version in quotes", versions=["1.34", 1.3]),
    versions("a patch version", "versions[0]", "'1.34.2'", "a major and a minor number", versions=["1.34.2"]),
    versions("a status in lower case", "status", "supported", "STANDARD_SUPPORT, EXTENDED_SUPPORT", status="supported"),
    versions(
        "a cluster and versions",
        "versions",
        "cluster_name",
        "mutually exclusive",
        versions=["1.34"],
        cluster_name="there",
    ),
    addon_versions("a version without quotes", "kubernetes_version", "'1.3'", "in quotes", kubernetes_version=1.3),
    addon_versions(
        "a cluster and a version",
        "kubernetes_version",
        "cluster_name",
        "mutually exclusive",
        kubernetes_version="1.34",
        cluster_name="there",
    ),
    addon_versions("the configuration of all", "name", "configuration is True", "name", configuration=True),
    addon_versions(
        "the default of no Kubernetes version",
        "version",
        "'default'",
        "requires kubernetes_version or cluster_name",
        name="coredns",
        configuration=True,
    ),
    addon_versions(
        "a version that does not fit",
        "version",
        "v9.9.9",
        "Compatible versions: v1.12.4",
        name="coredns",
        configuration=True,
        cluster_name="there",
        version="v9.9.9",
    ),
    addon_versions(
        "a version that is not offered",
        "version",
        "coredns v9.9.9",
        "Versions: v1.13.1",
        name="coredns",
        configuration=True,
        version="v9.9.9",
    ),
]
insights = module("eks_insights_info", cluster_name="there")
INSIGHTS = [
    insights(
        "a category in other words",
        "categories",
        "UPGRADE",
        "UPGRADE_READINESS, MISCONFIGURATION",
        categories=["UPGRADE"],
    ),
    insights("a status in lower case", "statuses", "error", "PASSING, WARNING, ERROR", statuses=["error"]),
    insights(
        "a version without quotes",
        "kubernetes_versions[0]",
        "'1.3'",
        "put the version in quotes",
        kubernetes_versions=[1.3],
    ),
    insights("an id and a filter", "id", "statuses", "mutually exclusive", id="a1b2", statuses=["ERROR"]),
    insights("no time", "wait_timeout", "0", "at least 1", refresh=True, wait_timeout=0),
    insights(
        "a refresh of no cluster",
        "cluster_name",
        "nowhere",
        "Check its name and region",
        cluster_name="nowhere",
        refresh=True,
    ),
]
updates = module("eks_update_info", cluster_name="there")
update = module("eks_update", cluster_name="there")
UPDATES = [
    updates(
        "a node group and an add-on", "nodegroup", "addon", "mutually exclusive", nodegroup="workers", addon="coredns"
    ),
    updates("a status in lower case", "statuses", "failed", "InProgress, Failed", statuses=["failed"]),
    updates("an id among all", "all", "id", "mutually exclusive", id="a1b2", all=True),
    update("another state", "state", "absent", "cancelled", state="absent"),
    update("no such update", "id", "'a1b2'", "kumo.eks.eks_update_info lists its updates", id="a1b2"),
    update("no such cluster", "id", "nowhere", "has no update", cluster_name="nowhere", id="a1b2"),
]
URL = "https://id.example.com"
provider = module("eks_identity_provider", cluster_name="there", name="company", issuer_url=URL, client_id="kubernetes")
PROVIDERS = [
    provider(
        "no issuer",
        "issuer_url",
        "OIDC identity provider company does not exist",
        "required to create it",
        issuer_url=None,
    ),
    provider(
        "http", "issuer_url", "'http://id.example.com'", "begins with https://", issuer_url="http://id.example.com"
    ),
    provider(
        "a host alone", "issuer_url", "'id.example.com'", "like https://id.example.com", issuer_url="id.example.com"
    ),
    provider("a query", "issuer_url", "?tenant=1", "Use the host and the path only", issuer_url=f"{URL}?tenant=1"),
    provider("an empty client", "client_id", "is empty", "Use 1 or more characters", client_id=" "),
    provider("groups of Kubernetes", "groups_prefix", "'system:'", "Use another prefix", groups_prefix="system:"),
    provider(
        "users of Kubernetes", "username_prefix", "'system:node:'", "Use another prefix", username_prefix="system:node:"
    ),
    provider(
        "a claim without a value",
        "required_claims",
        "team has no value",
        'Write team: ""',
        required_claims={"team": None},
    ),
    provider(
        "a claim that is true",
        "required_claims",
        "verified is True",
        'verified: "true"',
        required_claims={"verified": True},
    ),
    provider("a long claim", "required_claims", "'cccc", "1-63 characters", required_claims={"c" * 64: "x"}),
    provider("a tag of AWS", "tags", "aws:a", "reserved by AWS", tags={"aws:a": "b"}),
    provider("no such cluster", "cluster_name", "nowhere", "Check its name and region", cluster_name="nowhere"),
    module("eks_identity_provider_info")("no cluster", "cluster_name", "missing required arguments", "cluster_name"),
]
IDC = {"aws_idc": {"idc_instance_arn": "arn:aws:sso:::instance/ssoins-1234567890abcdef"}}
USER = {"id": "u", "type": "SSO_USER"}
ack = module("eks_capability", cluster_name="there", name="ack", type="ACK", role_arn="$app_role")
argo = module("eks_capability", cluster_name="there", name="argocd", type="ARGOCD", role_arn="$app_role", argo_cd=IDC)
CAPABILITIES = [
    ack("a space in the name", "name", "'my ack'", "Use 1-100 letters", name="my ack"),
    ack("no type", "type", "capability ack does not exist", "required to create it", type=None),
    ack("no role", "role_arn", "capability ack does not exist", "required to create it", role_arn=None),
    ack("the name of a role", "role_arn", "'ackRole'", "like arn:aws:iam", role_arn="ackRole"),
    ack("another type", "type", "FLUX", "ACK, KRO, ARGOCD", type="FLUX"),
    ack("settings of Argo CD", "argo_cd", "for a capability of the type ARGOCD", "Remove the option", argo_cd=IDC),
    ack(
        "settings of ACK for kro",
        "ack",
        "not KRO",
        "Remove the option",
        type="KRO",
        ack={"enable_cross_namespace": True},
    ),
    ack("a service twice", "ack.disabled_services", "s3", "more than once", ack={"disabled_services": ["s3", "s3"]}),
    ack("deletion of everything", "delete_propagation_policy", "DELETE", "RETAIN", delete_propagation_policy="DELETE"),
    argo(
        "no Identity Center",
        "argo_cd.aws_idc.idc_instance_arn",
        "does not exist",
        "required to create it",
        argo_cd=None,
    ),
    argo(
        "an instance by its id",
        "argo_cd.aws_idc.idc_instance_arn",
        "'ssoins-1'",
        "like arn:aws:sso:::instance",
        argo_cd={"aws_idc": {"idc_instance_arn": "ssoins-1"}},
    ),
    argo(
        "a long prefix",
        "argo_cd.endpoint_prefix",
        "'My-Team'",
        "1-50 of a-z",
        argo_cd={**IDC, "endpoint_prefix": "My-Team"},
    ),
    argo(
        "a VPC endpoint by its name",
        "argo_cd.network_access.vpce_ids[0]",
        "'endpoint'",
        "like vpce-",
        argo_cd={**IDC, "network_access": {"vpce_ids": ["endpoint"]}},
    ),
    argo(
        "a role twice",
        "argo_cd.rbac_role_mappings",
        "ADMIN",
        "more than once",
        argo_cd={**IDC, "rbac_role_mappings": [{"role": "ADMIN", "identities": [USER]}] * 2},
    ),
    argo(
        "a role for nobody",
        "argo_cd.rbac_role_mappings[0].identities",
        "is empty",
        "remove the mapping of VIEWER",
        argo_cd={**IDC, "rbac_role_mappings": [{"role": "VIEWER", "identities": []}]},
    ),
    argo("no such cluster", "cluster_name", "nowhere", "Check its name and region", cluster_name="nowhere"),
    module("eks_capability_info")("no cluster", "cluster_name", "missing required arguments", "cluster_name"),
]
authority = module("eks_certificate_authority", cluster_name="there")
AUTHORITIES = [
    authority("an id for a successor", "id", "EKS chooses the id", "use replaces", id="a1b2"),
    authority(
        "what is replaced by an activation", "replaces", "state=active", "use id", state="active", replaces="a1b2"
    ),
    authority("days before today", "expires_within_days", "-1", "at least 0", expires_within_days=-1),
    authority("no such authority", "id", "'a1b2'", "It has:", state="active", id="a1b2"),
    authority("another state", "state", "rotated", "present, active, absent", state="rotated"),
    authority("no such cluster", "cluster_name", "nowhere", "Check its name and region", cluster_name="nowhere"),
    module("eks_certificate_authority_info")(
        "no cluster", "cluster_name", "missing required arguments", "cluster_name"
    ),
]
registration = module("eks_cluster_registration", name="edge", connector_provider="GKE", role_arn="$app_role")
REGISTRATIONS = [
    registration("a space in the name", "name", "'my edge'", "Use 1-100 letters", name="my edge"),
    registration(
        "no provider", "connector_provider", "edge does not exist", "required to create it", connector_provider=None
    ),
    registration("another provider", "connector_provider", "DOCKER", "GKE, AKS", connector_provider="DOCKER"),
    registration("the name of a role", "role_arn", "'agent'", "like arn:aws:iam", role_arn="agent"),
    registration("a cluster of EKS", "name", "there is a cluster of EKS", "kumo.eks.eks_cluster", name="there"),
    registration(
        "no such folder", "activation_file", "/nowhere", "Create it first", activation_file="/nowhere/edge.json"
    ),
]
CLUSTER_ARN = "arn:aws:eks:ap-northeast-1:123456789012:cluster/there"
tag = module("eks_tag", resource=CLUSTER_ARN, tags={"A": "1"})
TAGS = [
    tag("a name", "resource", "'there'", "like arn:aws:eks", resource="there"),
    tag(
        "another region",
        "resource",
        "us-east-1",
        "Set region=us-east-1",
        resource=CLUSTER_ARN.replace("ap-northeast-1", "us-east-1"),
    ),
    tag(
        "no such resource",
        "resource",
        "cluster/none does not exist",
        "Check the ARN",
        resource=CLUSTER_ARN.replace("there", "none"),
    ),
    tag("a tag of AWS", "tags", "aws:a", "reserved by AWS", tags={"aws:a": "b"}),
    tag("a tag without a value", "tags", "A has no value", 'Write A: ""', tags={"A": None}),
    module("eks_tag_info")("a name", "resource", "'there'", "like arn:aws:eks", resource="there"),
]
replacing = module("eks_nodegroup_replacement", cluster_name="there", name="workers")
REPLACEMENTS = [
    replacing("a group that is not there", "name", "has no node group worker", "It has workers", name="worker"),
    replacing("a new name that is none", "new_name", "'-x'", "Use 1-63 letters", new_name="-x"),
    replacing("no node at once", "drain.max_parallel", "0", "at least 1", drain={"max_parallel": 0}),
    replacing("a pause that goes back", "drain.pause", "-1", "at least 0", drain={"pause": -1}),
    replacing(
        "an option that is none",
        "nodegroup.instance_type",
        "instance_type",
        "instance_types",
        nodegroup={"instance_type": ["m5.large"]},
    ),
    replacing("a cluster that is not there", "cluster_name", "nowhere", "", cluster_name="nowhere"),
    replacing(
        "a gate of upgrades alone",
        "overrides[0].gate",
        "'insights'",
        "The gates are: node_addresses, vcpu_quota.",
        overrides=[{"gate": "insights", "reason": "x"}],
    ),
    replacing(
        "a gate without a reason",
        "overrides[0].reason",
        "vcpu_quota",
        "Say why",
        overrides=[{"gate": "vcpu_quota", "reason": " "}],
    ),
]
overriding = role("eks_upgrade")
plan = module("eks_upgrade_info", cluster_name="there", kubernetes_version="1.34")
upgrade = module("eks_upgrade", cluster_name="there", kubernetes_version="1.34")
UPGRADES = [
    overriding(
        "a gate that is not there",
        "eks_upgrade_overrides[0].gate",
        "'quota'",
        "vcpu_quota",
        eks_upgrade_overrides=[{"gate": "quota", "reason": "x"}],
    ),
    overriding(
        "a gate without a reason",
        "eks_upgrade_overrides[1].reason",
        "gate insights",
        "Say why",
        eks_upgrade_overrides=[{"gate": "vcpu_quota", "reason": "x"}, {"gate": "insights", "reason": ""}],
    ),
    overriding(
        "a gate twice",
        "eks_upgrade_overrides",
        "insights",
        "more than once",
        eks_upgrade_overrides=[{"gate": "insights", "reason": "x"}, {"gate": "insights", "reason": "y"}],
    ),
    plan(
        "a strategy that is none",
        "nodegroup_strategies.workers",
        "'canary'",
        "Use rolling or blue_green",
        nodegroup_strategies={"workers": "canary"},
    ),
    upgrade(
        "a group that is not there",
        "nodegroup_strategies",
        "no node group worker",
        "It has",
        nodegroup_strategies={"worker": "blue_green"},
    ),
    upgrade(
        "a rollback over two versions",
        "kubernetes_version",
        "1.31",
        "a rollback goes to the version before it",
        kubernetes_version="1.31",
        rollback=True,
    ),
    plan(
        "a version without quotes", "kubernetes_version", "'1.3'", "put the version in quotes", kubernetes_version=1.3
    ),
    plan(
        "a gate that is not there",
        "overrides[0].gate",
        "'insight'",
        "Did you mean insights?",
        overrides=[{"gate": "insight", "reason": "x"}],
    ),
    upgrade(
        "an override without a reason",
        "overrides[0].reason",
        "gate insights",
        "Say why",
        overrides=[{"gate": "insights", "reason": " "}],
    ),
    upgrade(
        "an option of nodes that is not there",
        "self_managed_nodegroups[0].instance_type",
        "unknown option",
        "Did you mean instance_types?",
        self_managed_nodegroups=[{"name": "own", "instance_type": "m5.large"}],
    ),
    upgrade("no time", "wait_timeout", "0", "at least 1", wait_timeout=0),
    upgrade("a way back", "kubernetes_version", "1.29", "rollback=true", kubernetes_version="1.29"),
    upgrade("no cluster", "cluster_name", "nowhere", "Check its name and region", cluster_name="nowhere"),
]
ROWS = [
    *REPLACEMENTS,
    *UPGRADES,
    *VERSIONS,
    *INSIGHTS,
    *UPDATES,
    *PROVIDERS,
    *CAPABILITIES,
    *AUTHORITIES,
    *REGISTRATIONS,
    *TAGS,
]
