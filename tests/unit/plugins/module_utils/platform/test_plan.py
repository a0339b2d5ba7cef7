# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Components as lists for the modules: what is chosen, with which rights, in which order, and what goes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.addon import build_addon_spec, find_addon_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.arguments import read_arguments
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import build_item_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.helm import (
    build_list_item_spec,
    find_release_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.identity import (
    build_association_item_spec,
    build_identity_spec,
)
from ansible_collections.kumo.eks.plugins.module_utils.helm.order import find_order_problems
from ansible_collections.kumo.eks.plugins.module_utils.platform.catalog import AGENT, COMPONENTS, WORDS
from ansible_collections.kumo.eks.plugins.module_utils.platform.charts import CLUSTER_AUTOSCALER
from ansible_collections.kumo.eks.plugins.module_utils.platform.options import read_components
from ansible_collections.kumo.eks.plugins.module_utils.platform.place import Place
from ansible_collections.kumo.eks.plugins.module_utils.platform.plan import TAG, Plan, Settings, build_plan
from ansible_collections.kumo.eks.plugins.module_utils.platform.removal import (
    add_agent,
    build_outdated_identities,
    build_removal,
    find_unlisted,
    list_leftovers,
)
from ansible_collections.kumo.eks.plugins.module_utils.platform.steps import list_present_steps, list_removal_steps
from ansible_collections.kumo.eks.plugins.module_utils.platform.values import merge_values

PLACE = Place("my-cluster", "ap-northeast-1", "aws", "123456789012", "1.34", "vpc-1", exists=True)
NOTHING = {"addons": [], "releases": [], "roles": [], "accounts": []}
ZONE = "Z0123456789ABCDEFGHIJ"
SECRET = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:production/*"
PARAMETER = "arn:aws:ssm:ap-northeast-1:123456789012:parameter/production/*"


def plan(*items, place=PLACE, **settings):
    return build_plan(read_components(list(items), "components"), place, Settings(**settings))


def by_name(rows):
    return {row["name"]: row for row in rows}


@pytest.mark.parametrize("identity", ["pod_identity", "irsa", "none"])
@pytest.mark.parametrize("repository", ["", "oci://registry.example.com/charts", "https://charts.example.com"])
def test_all_components_are_options_that_the_modules_take(identity, repository):
    found = plan(*WORDS, identity=identity, repository=repository)
    specs = {
        "addons": build_item_spec(build_addon_spec()),
        "associations": build_association_item_spec(),
        "identities": build_identity_spec(),
        "releases": build_list_item_spec(),
    }
    for name, spec in specs.items():
        for row in getattr(found, name):
            assert read_arguments(spec, row, "")[1] == []
    assert [problem for row in found.addons for problem in find_addon_problems(row)] == []
    assert [problem for row in found.releases for problem in find_release_problems(row)] == []
    assert list(find_order_problems(found.releases)) == []
    assert len(found.addons) + len(found.releases) == len(WORDS) == len(found.components)
    with_rights = [word for word in WORDS if COMPONENTS[word].rights]
    lists = {"pod_identity": found.associations, "irsa": found.identities, "none": []}
    assert len(lists[identity]) == (0 if identity == "none" else len(with_rights))
    assert bool(found.agent) == (identity == "pod_identity")


def test_versions_of_charts_go_with_kubernetes():
    versions = {
        minor: plan("cluster_autoscaler", place=replace(PLACE, version=minor)).releases[0]["version"]
        for minor in ("1.28", "1.33", "1.34", "1.99", None)
    }
    rows = dict(CLUSTER_AUTOSCALER.versions)
    newest = CLUSTER_AUTOSCALER.versions[-1][1]
    oldest = CLUSTER_AUTOSCALER.versions[0][1]
    assert versions == {"1.28": oldest, "1.33": rows["1.33"], "1.34": rows["1.34"], "1.99": newest, None: newest}
    assert plan({"name": "cluster_autoscaler", "version": "9.50.0"}).releases[0]["version"] == "9.50.0"


def test_values_of_the_user_are_over_those_of_the_collection():
    row = plan(
        {"name": "aws_load_balancer_controller", "values": {"replicaCount": 1, "serviceAccount": {"name": "mine"}}}
    ).releases[0]
    assert row["values"] == {
        "clusterName": "my-cluster",
        "region": "ap-northeast-1",
        "vpcId": "vpc-1",
        "serviceAccount": {"create": True, "name": "mine", "annotations": {}},
        "podAnnotations": {"kumo.eks/identity": "pod_identity"},
        "replicaCount": 1,
    }
    assert merge_values({"a": {"b": 1}, "c": [1]}, {"a": {"d": 2}, "c": [2]}) == {"a": {"b": 1, "d": 2}, "c": [2]}


def test_one_word_chooses_irsa():
    found = plan({"name": "cluster_autoscaler", "identity": "irsa"}, {"name": "ebs_csi_driver", "identity": "irsa"})
    arn = "arn:aws:iam::123456789012:role/my-cluster.kube-system."
    account = found.releases[0]["values"]["rbac"]["serviceAccount"]
    assert account["annotations"] == {"eks.amazonaws.com/role-arn": f"{arn}cluster-autoscaler"}
    assert found.addons[0]["service_account_role_arn"] == f"{arn}ebs-csi-controller-sa"
    assert [row["role_only"] for row in found.identities] == [True, True]
    assert (found.associations, found.agent) == ([], [])
    assert "service_account_role_arn" not in plan({"name": "ebs_csi_driver", "identity": "none"}).addons[0]


def test_policies_can_be_limited():
    (row,) = plan({"name": "external_dns", "hosted_zones": [ZONE]}).associations
    assert row["inline_policies"]["external_dns"]["Statement"][0]["Resource"] == [
        f"arn:aws:route53:::hostedzone/{ZONE}"
    ]
    assert row["policy_arns"] == [] and "well_known_policies" not in row
    key = "arn:aws:kms:ap-northeast-1:123456789012:key/1"
    (row,) = plan({"name": "external_secrets", "secrets": [SECRET, PARAMETER], "kms_keys": [key]}).associations
    statements = row["inline_policies"]["external_secrets"]["Statement"]
    assert [one["Resource"] for one in statements] == ["*", [SECRET], [PARAMETER], [key]]
    china = replace(PLACE, partition="aws-cn", region="cn-north-1")
    (row,) = plan("cloudwatch_observability", place=china).associations
    assert row["policy_arns"] == ["arn:aws-cn:iam::aws:policy/AWSXrayWriteOnlyAccess"]


def test_ingress_nginx_takes_the_controller_where_there_is_one():
    alone, both = plan("ingress_nginx"), plan("ingress_nginx", "aws_load_balancer_controller")

    def annotate(found):
        return by_name(found.releases)["ingress-nginx"]["values"]["controller"]["service"]["annotations"]

    prefix = "service.beta.kubernetes.io/aws-load-balancer-"
    assert annotate(alone) == {f"{prefix}type": "nlb"}
    assert annotate(both)[f"{prefix}type"] == "external"
    assert by_name(both.releases)["ingress-nginx"]["depends_on"] == ["aws-load-balancer-controller"]
    assert by_name(alone.releases)["ingress-nginx"]["depends_on"] == []


def test_a_mirror_is_for_all_charts_but_those_that_name_another():
    found = plan(
        "argo_cd",
        {"name": "external_secrets", "repository": "oci://other.example.com/eso"},
        repository="https://mirror.example.com",
        login={"username": "me", "password": "secret"},
    )
    rows = by_name(found.releases)
    assert rows["argo-cd"]["repository"] == "https://mirror.example.com" and rows["argo-cd"]["username"] == "me"
    assert rows["external-secrets"]["chart"] == "oci://other.example.com/eso/external-secrets"
    assert "password" not in rows["external-secrets"]


def name_steps(steps):
    return [
        (step.module, step.state, [row.get("name") or row["service_account"] for row in step.rows])
        for step in steps
        if step.rows
    ]


def test_steps_are_in_order():
    found = plan("ingress_nginx", "cert_manager", "aws_load_balancer_controller")
    assert name_steps(list_present_steps(found, build_outdated_identities(found, NOTHING), NOTHING)) == [
        ("eks_addon", "present", [AGENT]),
        ("eks_pod_identity", "present", ["cert-manager", "aws-load-balancer-controller"]),
        ("eks_addon", "present", ["cert-manager"]),
        ("eks_helm", "present", ["ingress-nginx", "aws-load-balancer-controller"]),
    ]
    seen = {**NOTHING, "addons": [{"name": AGENT, "component": "pod_identity", "namespace": "kube-system"}]}
    words = {"ingress_nginx", "cert_manager", "aws_load_balancer_controller"}
    assert name_steps(list_removal_steps(add_agent(build_removal(words, found, seen), seen))) == [
        ("eks_helm", "absent", ["ingress-nginx", "aws-load-balancer-controller"]),
        ("eks_addon", "absent", ["cert-manager"]),
        ("eks_pod_identity", "absent", ["cert-manager", "aws-load-balancer-controller"]),
        ("eks_addon", "absent", [AGENT]),
    ]


@pytest.mark.parametrize(
    ("component", "wanted"),
    [
        ("", ["ebs-csi-controller-sa", "aws-ebs-csi-driver"]),
        ("pod_identity", ["ebs-csi-controller-sa", AGENT, "aws-ebs-csi-driver"]),
    ],
)
def test_an_agent_of_somebody_else_is_left_alone(component, wanted):
    found = plan("ebs_csi_driver")
    seen = {**NOTHING, "addons": [{"name": AGENT, "component": component, "namespace": "kube-system"}]}
    steps = name_steps(list_present_steps(found, build_outdated_identities(found, seen), seen))
    assert [name for dummy, dummy, names in steps for name in names] == wanted


def test_nodes_of_auto_mode_have_the_agent():
    assert plan("ebs_csi_driver", place=replace(PLACE, auto_mode=True)).agent == []


def test_what_is_not_listed_any_more_is_found_and_removed():
    account = {"namespace": "monitoring", "service_account": "cloudwatch-agent"}
    seen = {
        "addons": [
            {"name": "metrics-server", "component": "metrics_server", "namespace": "kube-system"},
            {"name": "external-dns", "component": "", "namespace": "external-dns"},
            {"name": AGENT, "component": "pod_identity", "namespace": "kube-system"},
        ],
        "releases": [{"name": "argo-cd", "namespace": "gitops", "component": "argo_cd"}],
        "roles": [{**account, "component": "cloudwatch_observability", "identity": "pod_identity"}],
        "accounts": [account, {"namespace": "production", "service_account": "reader"}],
    }
    assert find_unlisted(seen, {"metrics_server"}) == ["argo_cd", "cloudwatch_observability"]
    assert list_leftovers(seen, {"metrics_server"}) == [
        {"name": "argo_cd", "installed": "argo-cd"},
        {"name": "cloudwatch_observability", "installed": ""},
    ]
    removal = add_agent(build_removal({"argo_cd", "cloudwatch_observability"}, None, seen), seen)
    assert removal.releases == [{"name": "argo-cd", "namespace": "gitops", "depends_on": []}]
    assert (removal.addons, removal.associations, removal.agent) == ([], [account], [])
    assert removal.kept[0]["why"] == "pod identity associations use it: production/reader"


def test_another_identity_leaves_no_role_behind():
    found = plan({"name": "ebs_csi_driver", "identity": "irsa"})
    account = {"namespace": "kube-system", "service_account": "ebs-csi-controller-sa"}
    roles = [{**account, "component": "ebs_csi_driver", "identity": kind} for kind in ("pod_identity", "irsa")]
    removal = build_outdated_identities(found, {**NOTHING, "roles": roles})
    assert (removal.associations, removal.identities) == ([account], [])


def test_everything_has_the_tag_of_its_component():
    found = plan("ebs_csi_driver", "argo_cd", tags={"Team": "a"})
    assert found.addons[0]["tags"] == found.associations[0]["tags"] == {"Team": "a", TAG: "ebs_csi_driver"}
    assert found.releases[0]["description"] == "kumo.eks platform: argo_cd"
    assert Plan().components == []


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ("metrics", "components[0].name: 'metrics' is not allowed. Use argo_cd or aws_load_balancer_controller"),
        (7, "components[0]: the value is not a mapping of options"),
        ({"name": "argo_cd", "vesion": "1"}, "components[0].vesion: unknown option. Did you mean version?"),
        ({"version": "1"}, "components[0].name: required option is missing"),
        ({"name": "argo_cd", "identity": "irsa"}, "identity: argo_cd calls no API of AWS"),
        ({"name": "ebs_csi_driver", "identity": "iam"}, "'iam' is not allowed. Use pod_identity or irsa or none"),
        (
            {"name": "argo_cd", "hosted_zones": [ZONE]},
            "hosted_zones: the policy of argo_cd cannot be limited by it. It is an option of cert_manager and external_dns",
        ),
        (
            {"name": "external_dns", "hosted_zones": ["example.com"]},
            "hosted_zones: 'example.com' is not valid. Use the ID",
        ),
        ({"name": "external_dns", "hosted_zones": []}, "hosted_zones: is empty"),
        ({"name": "external_secrets", "secrets": ["production/*"]}, "Use the ARN of a secret of Secrets Manager"),
        ({"name": "metrics_server", "secret_values": {"a": 1}}, "secret_values: metrics_server is an add-on of EKS"),
        ({"name": "argo_cd", "repository": "charts.example.com"}, "repository: 'charts.example.com' is not a URL"),
        ({"name": "argo_cd", "namespace": "Argo"}, "namespace: 'Argo' is not a valid namespace name"),
    ],
)
def test_bad_components_are_refused_with_what_is_allowed(item, said):
    with pytest.raises(ValidationError) as raised:
        read_components([item], "components")
    assert said in raised.value.message


def test_a_component_is_listed_once():
    with pytest.raises(ValidationError, match="Listed more than once: argo_cd"):
        read_components(["argo_cd", {"name": "argo_cd"}], "components")
    with pytest.raises(ValidationError, match="is not a list"):
        read_components("argo_cd", "components")
