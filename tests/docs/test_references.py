# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where references of antsibull-docs to other collections and to Ansible's own pages lead on the documentation site."""

from __future__ import annotations

import sys

import pytest
from conftest import ROOT
from docutils import nodes

sys.path.insert(0, str(ROOT / "tools" / "docs_site"))
import references

ANSIBLE = references.ANSIBLE


@pytest.mark.parametrize(
    ("label", "address"),
    [
        (
            "ansible_collections.amazon.aws.ec2_vpc_net_module",
            f"{ANSIBLE}/collections/amazon/aws/ec2_vpc_net_module.html",
        ),
        (
            "ansible_collections.amazon.aws.ec2_vpc_net_module__parameter-region",
            f"{ANSIBLE}/collections/amazon/aws/ec2_vpc_net_module.html",
        ),
        (
            "ansible_collections.ansible.builtin.env_lookup_requirements",
            f"{ANSIBLE}/collections/ansible/builtin/env_lookup.html",
        ),
        ("check_mode_dry", f"{ANSIBLE}/playbook_guide/playbooks_checkmode.html"),
        ("ansible_collections.kumo.eks.eks_cluster_module", None),  # Sphinx finds it, or warns
        ("something_else", None),
    ],
)
def test_the_address_of_a_label(label: str, address: str | None):
    assert references.find_address(label) == address


@pytest.mark.parametrize(
    ("kind", "target", "address"),
    [
        ("ref", "common_return_values", f"{ANSIBLE}/reference_appendices/common_return_values.html"),
        ("envvar", "ANSIBLE_HOME", f"{ANSIBLE}/reference_appendices/config.html#envvar-ANSIBLE_HOME"),
        ("envvar", "AWS_PROFILE", None),
        ("doc", "common_return_values", None),
    ],
)
def test_a_missing_reference_becomes_a_link_or_stays_missing(kind: str, target: str, address: str | None):
    text = nodes.inline("", "words")
    found = references.resolve(None, None, {"reftype": kind, "reftarget": target}, text)
    assert (found and found["refuri"]) == address
    assert found is None or found.astext() == "words"
