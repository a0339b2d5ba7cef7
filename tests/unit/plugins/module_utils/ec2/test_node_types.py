# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Types of managed node groups: their own, those of launch templates, and EKS' default."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.ec2.node_types import read_node_types


class Ec2:
    """Answers DescribeLaunchTemplateVersions, and keeps what it was asked for."""

    def __init__(self, **data):
        self.data, self.asked = data, []

    def describe_launch_template_versions(self, **words):
        self.asked.append(words)
        return {"LaunchTemplateVersions": [{"LaunchTemplateData": self.data}]}


BIG = {"InstanceType": "m5.4xlarge"}


@pytest.mark.parametrize(
    ("group", "data", "types", "asked"),
    [
        ({"instanceTypes": ["m5.large", "c5.large"]}, BIG, ["m5.large", "c5.large"], []),
        ({"instanceTypes": ["m5.large"], "launchTemplate": {"id": "lt-1", "version": "1"}}, {}, ["m5.large"], []),
        (
            {"launchTemplate": {"id": "lt-1", "name": "a", "version": "3"}},
            BIG,
            ["m5.4xlarge"],
            [{"LaunchTemplateId": "lt-1", "Versions": ["3"]}],
        ),
        (
            {"launchTemplate": {"name": "a"}},
            {},
            ["t3.medium"],
            [{"LaunchTemplateName": "a", "Versions": ["$Default"]}],
        ),
        ({}, BIG, ["t3.medium"], []),
    ],
)
def test_types(group, data, types, asked):
    ec2 = Ec2(**data)
    assert read_node_types(lambda: ec2, [{"nodegroupName": "general", **group}]) == {"general": types}
    assert ec2.asked == asked
