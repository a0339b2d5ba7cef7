# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2's reads trail its writes: a template that is listed may not be found by its id yet."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from ansible_collections.kumo.eks.plugins.module_utils.ec2.launch_template import LaunchTemplateResource

ROW = {
    "LaunchTemplateId": "lt-1",
    "LaunchTemplateName": "nodes",
    "LatestVersionNumber": 1,
    "DefaultVersionNumber": 1,
    "Tags": [{"Key": "owner", "Value": "owned"}],
}
VERSION = {"VersionNumber": 1, "LaunchTemplateData": {"ImageId": "ami-1"}}


class Ec2:
    """Lists the template, so often as ``listed`` says, and does not find it by its id, so often as ``late`` says."""

    def __init__(self, late: int, listed: int) -> None:
        self.late, self.listed = late, listed

    def can_paginate(self, operation):
        return True

    def get_paginator(self, operation):
        assert operation == "describe_launch_templates"
        return self

    def paginate(self, **words):
        self.listed -= 1
        return [{"LaunchTemplates": [ROW] if self.listed >= 0 else []}]

    def describe_launch_template_versions(self, **words):
        self.late -= 1
        if self.late >= 0:
            error = {"Code": "InvalidLaunchTemplateId.NotFound", "Message": "lt-1 does not exist"}
            raise ClientError({"Error": error}, "DescribeLaunchTemplateVersions")
        return {"LaunchTemplateVersions": [VERSION]}


@pytest.mark.parametrize(("late", "listed", "found"), [(0, 1, "ami-1"), (2, 3, "ami-1"), (2, 1, None)])
def test_a_template_that_is_listed_is_read_until_it_is_found_or_gone(late, listed, found):
    resource = LaunchTemplateResource(Ec2(late, listed), "nodes", {}, "owner", wanted={})
    raw = resource.describe()
    assert (raw and raw["data"]["image_id"]) == found


def test_a_template_of_few_versions_is_not_searched_for_old_ones():
    """EC2 may not find it by its id yet."""
    resource = LaunchTemplateResource(None, "nodes", {}, "owner", wanted={})
    assert resource.delete_old_versions({"id": "lt-1", "latestVersion": "10"}, {"10"}) == []
