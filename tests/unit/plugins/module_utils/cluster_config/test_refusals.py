# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each refusal of a ClusterConfig is true: no module can do what it denies, and what it advises exists."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.schema import list_paths
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.verdicts import REFUSED, find_verdict

ROOT = Path(__file__).parents[5]
FIELDS = dict(list_paths())
# Why a field is refused, and the words that a module or an option that could do it after all would have in its name.
# A reason of EKS or of eksctl has none: no option of ours could change it.
DENIED: dict[str, tuple[str, ...]] = {
    "Flux is not installed": ("flux", "gitops"),
    "an access entry is for one role or user, not for an account": (),
    "EKS accepts no access entries for the service-linked roles of services": (),
    "it belongs to serviceName, which is not supported": (),
    "EKS chooses the IPv6 block of services": ("service_ipv6",),
    "routes to another network are not created": ("transit_gateway", "vpn_gateway", "vpc_gateway_id"),
    "it is what eksctl reports, not a setting": (),
    "EKS has no placement group for etcd": ("etcd_placement_group",),
    "the IPv6 block of the VPC is one of Amazon's": ("ipv6_pool", "ipv6_cidr"),
    "nodes share the cluster security group that EKS creates": ("shared_node",),
    "EKS takes a service account and a role for an association of an add-on": (),
    "eksctl does not take it for an association of an add-on": (),
    "add-ons are identified by their names": ("addon_publisher", "addon_owner"),
    "the add-on creates its service account": ("create_addon_account",),
    "EKS owns the Auto Scaling group": ("asg_", "suspend_process", "propagate"),
    "EKS has no managed node groups on AWS Outposts": ("outpost_arn_of_node", "node_outpost"),
    "it is for AWS Outposts": (),
    "nodes use the cluster security group that EKS creates": ("with_shared", "with_local"),
    "EKS creates the instance profile": (),
    "containerd is the one container runtime of the images of EKS": ("container_runtime",),
    "self-managed nodes are replaced by their number": (),
}
VARIABLE = re.compile(r"(?<!kumo\.eks\.)\beks_\w+")
MODULE = re.compile(r"kumo\.eks\.(eks_\w+)")
FIELD = re.compile(r"\b[a-z]+(?:[A-Z][A-Za-z]*)+(?:\.[A-Za-z]+)*|\b(?:iam|vpc)\.[A-Za-z.]*[A-Za-z]")


@cache
def list_names() -> frozenset[str]:
    """The names of all modules and their options, at every depth."""
    found: set[str] = set()
    for path in (ROOT / "plugins/modules").glob("*.py"):
        source = importlib.import_module(f"ansible_collections.kumo.eks.plugins.modules.{path.stem}")
        found |= {path.stem, *_list_options(yaml.safe_load(source.DOCUMENTATION)["options"])}
    return frozenset(found)


def _list_options(options: dict[str, Any]) -> Iterator[str]:
    for name, row in options.items():
        yield name
        yield from _list_options((row or {}).get("suboptions") or {})


def list_variables() -> set[str]:
    return {name for path in ROOT.glob("roles/*/defaults/main.yml") for name in yaml.safe_load(path.read_text())}


def test_every_reason_is_held_against_the_modules():
    assert {said.why for said in REFUSED.values()} == set(DENIED)


@pytest.mark.parametrize("why", DENIED)
def test_no_module_does_what_a_refusal_denies(why: str):
    found = {name for name in list_names() for word in DENIED[why] if word in name}
    assert found == set(), f"{why!r} is not true any more"


@pytest.mark.parametrize(("path", "said"), REFUSED.items())
def test_what_a_refusal_advises_exists(path: str, said: Any):
    variables = set(VARIABLE.findall(said.remedy))
    assert variables <= list_variables()
    for name in FIELD.findall(said.remedy):
        known = [one for one in FIELDS if f".{re.sub(r'[][{}]', '', one)}".endswith(f".{name}")]
        assert known, f"{path} advises {name}, which is no field"
        usable = [one for one in known if find_verdict(one)[0] != "refused"]
        assert usable or f"remove {name}" in said.remedy, f"{path} advises {name}, which is refused, too"
    modules = MODULE.findall(said.remedy)
    assert all((ROOT / f"plugins/modules/{name}.py").exists() for name in modules)


def test_eks_takes_no_more_of_an_association_of_an_addon():
    """botocore's model says what the refusal says."""
    shape = botocore.session.Session().get_service_model("eks").shape_for("AddonPodIdentityAssociations")
    assert set(shape.members) == {"serviceAccount", "roleArn"}


def test_eks_has_no_placement_group_for_etcd():
    shape = botocore.session.Session().get_service_model("eks").shape_for("EtcdPlacementRequest")
    assert set(shape.members) == {"spreadLevel"}
