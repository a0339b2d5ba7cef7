# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_cluster, build_object

CNI = ["Add-on vpc-cni"]
OLD, NEW = "v1.19.0-eksbuild.1", "v1.20.0-eksbuild.1"


def addon(name="vpc-cni", **fields):
    return {"addonName": name, "status": "ACTIVE", "addonVersion": NEW, **fields}


def addons(*rows, **cluster):
    return {"cluster": build_cluster(**cluster), "addons": list(rows)}


def offers(version=NEW, needs=False, **fields):
    rows = [
        {"version": NEW, "cluster_versions": ["1.33"], "default_for": ["1.33"]},
        {"version": OLD, "cluster_versions": ["1.33"], "default_for": []},
    ]
    infos = [{"addonVersions": [{"addonVersion": NEW, "requiresIamPermissions": needs}]}]
    return {
        **addons(addon(addonVersion=version, **fields)),
        "addon_offers": {"vpc-cni": {"rows": rows, "infos": infos}},
    }


def roles(**fields):
    values = offers(needs=True, **fields)
    return {name: values[name] for name in ("addons", "addon_offers")}


def profile(**fields):
    return {
        "fargate_profiles": [
            {"fargateProfileName": "web", "status": "ACTIVE", "selectors": [{"namespace": "shop-*"}], **fields}
        ]
    }


AUTO = {"computeConfig": {"enabled": True}}
CASES = {
    "core_addons": Case(
        addons(addon()), ["Cluster my-cluster"], addons(addon(), addon("kube-proxy"), addon("coredns")), ("coredns",)
    ),
    "addon_status": Case({"addons": [addon(status="DEGRADED")]}, CNI, {"addons": [addon()]}),
    "addon_incompatible": Case(offers("v1.9.0-eksbuild.1"), CNI, offers(OLD)),
    "addon_old": Case(offers(OLD), CNI, offers(), (NEW,)),
    "addon_without_role": Case(roles(), CNI, roles(serviceAccountRoleArn="arn")),
    "capability_status": Case(
        {"capabilities": [{"capabilityName": "argocd", "status": "DEGRADED"}]},
        ["Capability argocd"],
        {"capabilities": [{"capabilityName": "argocd", "status": "ACTIVE"}]},
    ),
    "fargate_status": Case(profile(status="CREATE_FAILED"), ["Fargate profile web"], profile()),
    "fargate_without_pods": Case(
        {**profile(), "pods": [build_object("web", "other")]},
        ["Fargate profile web"],
        {**profile(), "pods": [build_object("web", "shop-1")]},
    ),
    "auto_mode_doubles": Case(
        addons(addon("eks-pod-identity-agent"), **AUTO),
        ["Add-on eks-pod-identity-agent"],
        addons(addon("coredns"), **AUTO),
    ),
    "network_policy_engine": Case(
        addons(addon()), CNI, addons(addon(configurationValues='{"enableNetworkPolicy": "true"}'))
    ),
}
