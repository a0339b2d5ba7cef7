# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules of site.yml and teardown.yml one after the other, and the tables of docs/permissions.md that say what each can do without."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DOCUMENT_OF_RIGHTS = Path(__file__).parents[2] / "docs/permissions.md"
CLUSTER = "my-cluster"
READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
DOCUMENT = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
INSIDE = {"cluster_name": CLUSTER}
NETWORK = {**INSIDE, "nat_gateway": "Single", "zone_count": 2, "wait": True, "wait_timeout": 30}
GROUP = {"name": "general", "instance_types": ["m5.large"], "template": {"volumes": [{"size": 50}]}}
GROUPS = {"nodegroups": [GROUP], "purge": False}
PROFILES = {"profiles": [{"name": "tasks", "selectors": [{"namespace": "tasks"}]}]}
ADDONS = {"addons": [{"name": "vpc-cni", "configuration_values": {"env": {"WARM_ENI_TARGET": "2"}}}]}
WISHES = {
    "cluster": {
        "encryption_config": {
            "key_arn": f"arn:aws:kms:ap-northeast-1:123456789012:key/{'0' * 8}-0000-0000-0000-{'0' * 12}"
        }
    },
    "network": {"zones": ["ap-northeast-1a", "ap-northeast-1c"], "endpoints": ["s3"]},
    "nodegroups": [GROUP],
    "addons": [{"name": "vpc-cni"}],
}
ROLE_OF_CLUSTER = {**INSIDE, "purpose": "cluster"}
ROLES_OF_NODES = {**INSIDE, "nodegroups": [GROUP]}
ROLE_OF_PODS = {**INSIDE, "purpose": "fargate"}
IDENTITY = {"name": "reader", "namespace": "production", "policy": {"name": "reader", "document": DOCUMENT}}
IRSA = {**INSIDE, "identities": [IDENTITY], "roles_only": True}
PODS = {**INSIDE, "associations": [{"namespace": "a", "service_account": "b", "policy_arns": [READ]}]}

VIEW = {"policy_arn": "AmazonEKSViewPolicy", "access_scope": {"type": "cluster"}}

Run = Callable[[str, dict[str, Any]], dict[str, Any]]


def bring_up(run: Run, version: str = "1.33") -> None:
    """What site.yml runs, and the upgrade of a second run; ``run`` takes a module and its options."""
    run("eks_preflight", {**INSIDE, "cluster": {"version": version}, "check_account": True})
    run("eks_preflight", {**INSIDE, **WISHES, "check_account": True})
    network = run("eks_network", NETWORK)["network"]
    private = network["private_subnet_ids"]
    role = run("eks_iam_role", ROLE_OF_CLUSTER)["arn"]
    cluster = {"version": version, "role_arn": role, "subnets": private, "bootstrap_self_managed_addons": False}
    there = {
        "cluster": {**cluster, "security_groups": ["sg-00000000"]},
        "fargate_profiles": [{"name": "tasks", "subnets": private}],
    }
    run("eks_preflight", {**INSIDE, **there, "check_account": True})
    mode = {"access_config": {"authentication_mode": "API"}}
    run("eks_cluster", {"name": CLUSTER, **cluster, **mode, "owned": True, "wait": True})
    node_roles = run("eks_iam_role", ROLES_OF_NODES)["node_roles"]
    pods_role = run("eks_iam_role", ROLE_OF_PODS)["arn"]
    inside = {**INSIDE, "owned": True, "wait": True}
    run("eks_nodegroup", {**inside, **GROUPS, "node_roles": node_roles, "private_subnets": private})
    run("eks_irsa", IRSA)
    run("eks_addon", {**inside, **ADDONS})
    run("eks_fargate_profile", {**inside, **PROFILES, "role_arn": pods_role, "subnets": private})
    run("eks_access_entry", {**INSIDE, "access_entries": [{"principal_arn": role, "access_policies": [VIEW]}]})
    run("eks_access_entry_info", INSIDE)
    run("eks_pod_identity", PODS)
    run("eks_wait", {**INSIDE, "cluster": True, "nodegroups": ["general"], "addons": ["vpc-cni"], "wait_timeout": 30})


def tear_down(run: Run) -> None:
    """What teardown.yml runs."""
    gone = {**INSIDE, "state": "absent", "wait": True}
    run("eks_cluster_info", {"name": CLUSTER})
    run("eks_nodegroup_info", INSIDE)
    run("eks_fargate_profile_info", INSIDE)
    run("eks_teardown", {**INSIDE, "step": "check"})
    principal = "arn:aws:iam::123456789012:role/my-cluster.ap-northeast-1_cluster"
    run("eks_access_entry", {**INSIDE, "access_entries": [{"principal_arn": principal}], "state": "absent"})
    run("eks_addon", {**gone, "addons": [{"name": "vpc-cni"}]})
    run("eks_fargate_profile", {**gone, "profiles": [{"name": "tasks"}]})
    run("eks_iam_role", {**ROLE_OF_PODS, "state": "absent"})
    run("eks_nodegroup", {**gone, **GROUPS})
    run("eks_iam_role", {**ROLES_OF_NODES, "state": "absent"})
    run("eks_pod_identity", {**PODS, "state": "absent"})
    run("eks_irsa", {**IRSA, "state": "absent"})
    run("eks_cluster", {"name": CLUSTER, "owned": True, "state": "absent", "wait": True})
    run("eks_iam_role", {**ROLE_OF_CLUSTER, "state": "absent", "all_owned": True})
    run("eks_teardown", {**INSIDE, "step": "leftovers", "log_group": "delete", "wait_timeout": 30})
    run("eks_network", {**NETWORK, "state": "absent"})
    run("eks_teardown", {**INSIDE, "step": "proof", "wait_timeout": 30})


def name_step(module: str, params: dict[str, Any]) -> str:
    """How docs/permissions.md names a module at work: "eks_cluster", "eks_cluster absent"."""
    return f"{module} absent" if params.get("state") == "absent" else module


@dataclass(frozen=True)
class Rights:
    """The reads of each step, by what happens where they are denied."""

    necessary: dict[str, set[str]]
    optional: dict[str, set[str]]
    keeping: dict[str, set[str]]  # roles are kept, and it is said why


def read_rights() -> Rights:
    """The tables of docs/permissions.md."""
    parts = re.split(r"^## ", DOCUMENT_OF_RIGHTS.read_text(), flags=re.MULTILINE)
    tables = {part.splitlines()[0]: _read_table(part) for part in parts[1:]}
    names = ("Calls that must be allowed", "Calls that may be denied", "Calls before a role is deleted")
    return Rights(*(tables[name] for name in names))


def _read_table(part: str) -> dict[str, set[str]]:
    """The actions of each step, from rows of: actions | steps | reason."""
    found: dict[str, set[str]] = {}
    for line in part.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and cells[0].startswith("`"):
            actions, steps = (re.findall(r"`([^`]+)`", cell) for cell in cells[:2])
            for step in steps:
                found.setdefault(step, set()).update(actions)
    return found


def build_policy_without(*actions: str) -> str:
    """A policy that allows everything but these actions."""
    statement = {"Effect": "Allow", "NotAction": [*actions, "nothing:Denied"], "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
