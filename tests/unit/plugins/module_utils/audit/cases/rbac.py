# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_object

READER = {"kind": "ServiceAccount", "namespace": "shop", "name": "reader"}
NAME = ["ServiceAccount shop/reader"]
ADMISSION, RBAC = "admissionregistration.k8s.io", "rbac.authorization.k8s.io"


def binding(role="custom", *subjects, name="bound"):
    return build_object(name, roleRef={"kind": "ClusterRole", "name": role}, subjects=list(subjects or [READER]))


def bindings(*rows):
    return {"cluster_role_bindings": list(rows), "role_bindings": []}


def role(verbs, resources, group="", name="custom", **fields):
    return build_object(name, rules=[{"apiGroups": [group], "verbs": verbs, "resources": resources, **fields}])


def roles(*rows):
    return {"cluster_roles": list(rows), "roles": []}


def grant(verbs, resources, group="", **fields):
    return {**roles(role(verbs, resources, group, **fields)), **bindings(binding())}


def group(name):
    return {"kind": "Group", "name": name}


def can(verb, resource, group=""):
    """Something that may be done to all, and the same by the name of one."""
    return Case(
        grant([verb], [resource], group),
        NAME,
        grant([verb], [resource], group, resourceNames=["one"]),
        ("custom, bound by bound",),
    )


def accounts(*names):
    return {"service_accounts": [build_object(name, "shop") for name in names]}


CASES = {
    "cluster_admin_bound": Case(
        bindings(binding("cluster-admin"), binding("cluster-admin", name="eks:addon-manager")),
        ["ClusterRoleBinding bound"],
        bindings(binding("view")),
        ("ServiceAccount shop/reader",),
    ),
    "wildcard_roles": Case(
        roles(role(["*"], ["*"])),
        ["ClusterRole custom"],
        roles(role(["*"], ["pods"]), role(["*"], ["*"], name="eks:x")),
    ),
    "partial_wildcard_roles": Case(
        roles(role(["*"], ["pods"])), ["ClusterRole custom"], roles(role(["get"], ["pods"]))
    ),
    "anonymous_bound": Case(
        bindings(binding("view", group("system:unauthenticated"))),
        ["ClusterRoleBinding bound"],
        bindings(binding("system:public-info-viewer", group("system:unauthenticated"))),
    ),
    "everybody_bound": Case(
        bindings(binding("view", group("system:authenticated"))),
        ["ClusterRoleBinding bound"],
        bindings(binding("view", group("devs"))),
    ),
    "secrets_readable": can("list", "secrets"),
    "pods_creatable": Case(
        grant(["create"], ["pods"]),
        NAME,
        {**roles(role(["create"], ["pods"])), **bindings(binding(name="eks:AmazonEKSAdminPolicy"))},
    ),
    "pods_executable": can("create", "pods/exec"),
    "rights_escalation": can("escalate", "clusterroles", RBAC),
    "volumes_creatable": can("create", "persistentvolumes"),
    "nodes_proxied": can("get", "nodes/proxy"),
    "webhooks_changeable": can("patch", "mutatingwebhookconfigurations", ADMISSION),
    "tokens_creatable": can("create", "serviceaccounts/token"),
    "certificates_approvable": can("update", "certificatesigningrequests/approval", "certificates.k8s.io"),
    "dangling_bindings": Case(
        {**roles(), **bindings(binding()), **accounts()},
        ["ClusterRoleBinding bound", "ClusterRoleBinding bound"],
        {**roles(role(["get"], ["pods"])), **bindings(binding()), **accounts("reader")},
        ("ClusterRole custom does not exist", "shop/reader does not exist"),
    ),
}
