# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_cluster

NAMES = ["my-cluster"]
GONE, MINE = {"kubernetes.io/cluster/gone": "owned"}, {"kubernetes.io/cluster/my-cluster": "owned"}
SHARED = {"kubernetes.io/cluster/gone": "shared"}  # what a cluster used, and others made
ISSUER = "oidc.eks.ap-northeast-1.amazonaws.com/id/"


def rows(source, key, gone=None, mine=None):
    """A row of a cluster that is gone, and the good case."""
    bad = {source: [{key: "x", "tags": gone or GONE}], "cluster_names": NAMES, "cluster": build_cluster()}
    good = [{key: "x", "tags": mine or MINE}, {key: "y", "tags": {}}, {key: "z", "tags": SHARED}]
    return bad, {**bad, source: good}


def case(source, key, resource, gone=None, mine=None):
    bad, good = rows(source, key, gone, mine)
    return Case(bad, [resource], good, ("gone",))


def group(name):
    return {"log_groups": [{"logGroupName": f"/aws/eks/{name}/cluster"}], "cluster_names": NAMES}


def provider(key):
    row = {"arn": f"arn:aws:iam::1:oidc-provider/{ISSUER}{key}", "issuer": f"{ISSUER}{key}"}
    return {
        "oidc_providers": [row],
        "cluster_names": NAMES,
        "cluster": build_cluster(),
        "cluster_issuers": [f"{ISSUER}A"],
    }


def role(key):
    trust = {"Statement": [{"Principal": {"Federated": f"arn:aws:iam::1:oidc-provider/{ISSUER}{key}"}}]}
    rows = [{"RoleName": "reader", "AssumeRolePolicyDocument": trust}]
    return {"iam_roles": rows, "cluster": build_cluster(), "cluster_issuers": [f"{ISSUER}A"]}


def interface(about, **tags):
    row = {"NetworkInterfaceId": "eni-1", "Description": about, "tags": tags}
    return {"free_interfaces": [row], "cluster": build_cluster()}


def address(**fields):
    row = {"PublicIp": "198.51.100.7", "tags": GONE, **fields}
    return {
        "addresses": [row, {"PublicIp": "198.51.100.8", "tags": SHARED}],
        "cluster_names": NAMES,
        "cluster": build_cluster(),
    }


CASES = {
    "left_load_balancers": case(
        "load_balancers",
        "LoadBalancerName",
        "Load balancer x",
        {"elbv2.k8s.aws/cluster": "gone"},
        {"elbv2.k8s.aws/cluster": "my-cluster"},
    ),
    "left_classic_load_balancers": case("classic_load_balancers", "LoadBalancerName", "Classic load balancer x"),
    "left_target_groups": case("target_groups", "TargetGroupName", "Target group x"),
    "left_security_groups": case("region_security_groups", "GroupId", "Security group x"),
    "left_interfaces": Case(interface("aws-K8S-i-1"), ["Network interface eni-1"], interface("a database", **SHARED)),
    "left_volumes": case("volumes", "VolumeId", "Volume x"),
    "left_snapshots": case("snapshots", "SnapshotId", "Snapshot x"),
    "left_log_groups": Case(group("gone"), ["Log group /aws/eks/gone/cluster"], group("my-cluster")),
    "left_oidc_providers": Case(
        provider("B"), [f"OIDC provider arn:aws:iam::1:oidc-provider/{ISSUER}B"], provider("A")
    ),
    "left_roles": Case(role("B"), ["IAM role reader"], role("A")),
    "left_launch_templates": case(
        "region_launch_templates",
        "LaunchTemplateName",
        "Launch template x",
        {"kumo.eks/ap-northeast-1/gone": "owned"},
        {"kumo.eks/ap-northeast-1/my-cluster": "owned"},
    ),
    "left_addresses": Case(address(), ["Elastic IP address 198.51.100.7"], address(AssociationId="eipassoc-1")),
    "left_instances": case("region_instances", "InstanceId", "Instance x"),
}
