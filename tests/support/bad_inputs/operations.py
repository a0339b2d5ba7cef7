# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the modules for what EKS offers, and for the operation of a cluster."""

from __future__ import annotations

from support.bad_inputs.row import module

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
ROWS = [*VERSIONS, *INSIGHTS, *UPDATES, *PROVIDERS]
