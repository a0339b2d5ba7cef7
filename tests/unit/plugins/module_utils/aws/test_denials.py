# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which action a denial is about, in the words of each service, and what to do about it."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from ansible_collections.kumo.eks.plugins.module_utils.aws import denials
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import (
    explain_denial,
    find_denied_action,
    look_if_allowed,
)

SAID = "User: arn:aws:iam::123456789012:user/a is not authorized to perform: {0} on resource: x"


def build_error(code: str, message: str, operation: str = "CreateCluster") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@pytest.mark.parametrize(
    ("code", "message", "operation", "action"),
    [
        ("AccessDeniedException", SAID.format("iam:PassRole"), "CreateCluster", "iam:PassRole"),
        ("AccessDenied", SAID.format("iam:GetRole"), "GetRole", "iam:GetRole"),
        ("UnauthorizedOperation", "You are not authorized to perform this operation.", "CreateVpc", "ec2:CreateVpc"),
        ("AccessDeniedException", "Access denied", "ListClusters", "eks:ListClusters"),
        (
            "InvalidRequestException",
            "Failed to create service linked role: AWSServiceRoleForAmazonEKSNodegroup due to missing permissions for"
            " 'iam:CreateServiceLinkedRole'",
            "CreateNodegroup",
            "iam:CreateServiceLinkedRole",
        ),
        (
            "InvalidRequestException",
            "You are not authorized to launch instances with this launch template. Encoded authorization failure message: x",
            "CreateNodegroup",
            "ec2:RunInstances, ec2:CreateTags",
        ),
        ("InvalidRequestException", "Cluster is not active", "CreateNodegroup", ""),
    ],
)
def test_the_action_of_a_denial(code, message, operation, action):
    error = build_error(code, message, operation)
    assert find_denied_action(error) == action
    assert (f"Add {action} to an IAM policy" in explain_denial(error)) == bool(action)


@pytest.mark.parametrize(
    ("why", "remedy"),
    [
        ("with an explicit deny in an identity-based policy", "Remove the denial"),
        ("because no permissions boundary allows the eks:CreateCluster action", "permissions boundary does not allow"),
        ("because no identity-based policy allows the eks:CreateCluster action", "Add eks:CreateCluster"),
    ],
)
def test_the_remedy_fits_the_reason(why, remedy):
    assert remedy in explain_denial(build_error("AccessDeniedException", f"{SAID.format('eks:CreateCluster')} {why}"))


def test_a_look_that_is_denied_is_warned_of_and_any_other_error_is_not_hidden(monkeypatch):
    told: list[str] = []
    monkeypatch.setattr(denials, "warn", told.append)

    def fail(code: str):
        raise build_error(code, SAID.format("eks:ListNodegroups"), "ListNodegroups")

    assert look_if_allowed(lambda: 1, 2, "eks:ListNodegroups", "nothing was seen") == 1
    assert look_if_allowed(lambda: fail("AccessDeniedException"), 2, "eks:ListNodegroups", "nothing was seen") == 2
    assert "eks:ListNodegroups is denied, so nothing was seen." in told[0] and "user/a" in told[0]
    with pytest.raises(ClientError):
        look_if_allowed(lambda: fail("ServerException"), 2, "eks:ListNodegroups", "nothing was seen")
