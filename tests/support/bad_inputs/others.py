# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the Helm modules, of the modules that only read, and of those that write a file or a table."""

from __future__ import annotations

from support.bad_inputs.row import module

helm = module("eks_helm", cluster_name="there", name="web", chart="./web")
several = module("eks_helm", cluster_name="there")
rollback = module("eks_helm_rollback", cluster_name="there", name="web")
repository = module("eks_helm_repository", name="shop", url="https://charts.example.com")
HELM = [
    helm("a name of 54 characters", "name", "w" * 54, "Use up to 53", name="w" * 54),
    helm("a name with capital letters", "name", "'Web'", "lower case letters", name="Web"),
    helm("a namespace with an underscore", "namespace", "'my_apps'", "Use up to 63", namespace="my_apps"),
    helm("no chart", "chart", "required option is missing", "requires a chart", chart=None),
    helm("a chart that is not there", "chart", "./web", "does not exist"),
    helm(
        "a registry as a repository",
        "repository",
        "oci://ghcr.io/acme",
        "Set chart: oci://ghcr.io/acme/web",
        chart="web",
        repository="oci://ghcr.io/acme",
    ),
    helm(
        "a repository of a local chart",
        "repository",
        "./web",
        "Set either repository",
        repository="https://charts.example.com",
    ),
    helm(
        "a repository that is no URL",
        "repository",
        "'charts.example.com'",
        "https://",
        chart="web",
        repository="charts.example.com",
    ),
    helm("values as text", "values", "the value", "a mapping of options", values="replicas: 2"),
    helm("values as a list", "values", "dict", "dict", values=["replicas"]),
    helm(
        "a user without a password",
        "username",
        "password",
        "required together",
        chart="web",
        repository="https://charts.example.com",
        username="me",
    ),
    helm(
        "a file of values that is not there",
        "values_files",
        "/nowhere/values.yml",
        "does not exist",
        values_files=["/nowhere/values.yml"],
        chart="oci://ghcr.io/acme/web",
    ),
    helm("no time", "wait_timeout", "0", "Use 1 second or more", wait_timeout=0),
    helm("a time in words", "wait_timeout", "5m", "int", wait_timeout="5m"),
    helm("a version of a local chart", "version", "./web", "Remove the option", version="1.0.0"),
    helm("an ECR login elsewhere", "ecr_login", "web", "oci://", chart="web", ecr_login=True),
    helm("an unknown comparison", "compare", "values", "manifests, inputs", compare="values"),
    helm(
        "neither a name nor a list",
        "name, releases",
        "one of the following is required",
        "releases",
        name=None,
        chart=None,
    ),
    several("a name beside the list", "releases", "name", "mutually exclusive", name="web", releases=[]),
    several(
        "a circle",
        "depends_on",
        "a, b",
        "circular dependencies",
        releases=[
            {"name": "a", "chart": "oci://x/a", "depends_on": ["b"]},
            {"name": "b", "chart": "oci://x/b", "depends_on": ["a"]},
        ],
    ),
    several(
        "a dependency that is not in the list",
        "depends_on",
        "redis",
        "The list has a",
        releases=[{"name": "a", "chart": "oci://x/a", "depends_on": ["redis"]}],
    ),
    several(
        "a dependency that is removed",
        "depends_on",
        "whose state is absent",
        "Set both",
        releases=[{"name": "a", "chart": "oci://x/a", "depends_on": ["b"]}, {"name": "b", "state": "absent"}],
    ),
    several(
        "a release twice",
        "releases",
        "release a in namespace default",
        "more than once",
        releases=[{"name": "a", "chart": "oci://x/a"}] * 2,
    ),
    several(
        "33 at once", "concurrency", "99", "Use 1 to", concurrency=99, releases=[{"name": "a", "chart": "oci://x/a"}]
    ),
    several(
        "a bad name in the list", "releases[0]", "'A'", "Use up to 53", releases=[{"name": "A", "chart": "oci://x/a"}]
    ),
    rollback("a revision in words", "revision", "previous", "int", revision="previous"),
    rollback("a revision of 0", "revision", "0", "Use 1 or more", revision=0),
    rollback("a name with a slash", "name", "'shop/web'", "Use up to 53", name="shop/web"),
    repository("a registry", "url", "oci://ghcr.io/acme", "part of the chart of a release", url="oci://ghcr.io/acme"),
    repository("a URL without a scheme", "url", "'charts.example.com'", "https://", url="charts.example.com"),
    repository("a password without a user", "username", "password", "required together", password="x"),
    repository("nothing to do", "name", "is required", "update=true", name=None, url=None),
    repository(
        "a name twice",
        "repositories",
        "shop",
        "must be unique",
        name=None,
        url=None,
        repositories=[
            {"name": "shop", "url": "https://a.example.com"},
            {"name": "shop", "url": "https://b.example.com"},
        ],
    ),
    module("eks_helm_search")("a password without a user", "username", "password", "required together", password="x"),
    module("eks_helm_info")("no cluster", "cluster_name", "missing required arguments", "cluster_name"),
    module("eks_helm_info", cluster_name="there")(
        "an unknown status", "status", "running", "deployed", status=["running"]
    ),
]
INFOS = [
    module("eks_cluster_info")(
        "an unknown option", "Unsupported parameters", "cluster_name", "name", cluster_name="there"
    ),
    module("eks_nodegroup_info")(
        "no cluster", "cluster_name", "missing required arguments", "cluster_name", name="workers"
    ),
    module("eks_fargate_profile_info")("no cluster", "cluster_name", "missing required arguments", "cluster_name"),
    module("eks_addon_info")("no cluster", "cluster_name", "missing required arguments", "cluster_name"),
    module("eks_network_info")(
        "neither a cluster nor a VPC", "cluster_name, vpc_id", "one of the following is required", "vpc_id"
    ),
    module("eks_iam_role_info")("no cluster", "cluster_name", "missing required arguments", "cluster_name"),
    module("eks_irsa_info", cluster_name="there", namespace="shop")(
        "no account", "service_account", "missing required arguments", "service_account"
    ),
    module("eks_irsa_info", cluster_name="nowhere", namespace="shop", service_account="web", exchange="maybe")(
        "an exchange in words", "exchange", "maybe", "boolean"
    ),
    module("eks_pod_identity_info")("no cluster", "cluster_name", "missing required arguments", "cluster_name"),
]
OTHERS = [
    module("eks_kubeconfig", path="/nowhere/kubeconfig")(
        "no cluster", "cluster_name", "missing required arguments", "cluster_name"
    ),
    module("eks_kubeconfig", cluster_name="there")("no path", "path", "missing required arguments", "path"),
    module("eks_kubeconfig", path="/nowhere/kubeconfig", cluster_name="nowhere")(
        "a cluster that does not exist", "cluster_name", "nowhere", "does not exist"
    ),
    module("eks_summary", results={"cluster": "there"})("results as a mapping", "results", "dict", "list"),
    module("eks_preflight", cluster_name="new")(
        "an unknown option", "Unsupported parameters", "node_groups", "nodegroups", node_groups=[]
    ),
    module("eks_preflight", check_account=True)(
        "an account without a cluster's name", "cluster_name", "check_account is True", "missing"
    ),
    module("eks_preflight", cluster_name="new", region="tokyo")(
        "a city for a region", "eks_region", "'tokyo'", "Use one like ap-northeast-1"
    ),
]
ROWS = [*HELM, *INFOS, *OTHERS]
