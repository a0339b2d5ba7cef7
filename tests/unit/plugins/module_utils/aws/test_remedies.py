# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do about errors that have nothing to do with the resource."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from ansible_collections.kumo.eks.plugins.module_utils.aws.remedies import explain_remedy


@pytest.mark.parametrize("code", ["ExpiredTokenException", "RequestExpired", "ExpiredToken"])
def test_a_session_that_has_ended(code):
    error = ClientError({"Error": {"Code": code, "Message": "expired"}}, "DescribeCluster")
    assert "Renew the credentials and run the task again" in explain_remedy(error)


def test_a_denied_call():
    error = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "DescribeCluster")
    assert "Add eks:DescribeCluster to an IAM policy" in explain_remedy(error)


def test_what_says_all_there_is():
    missing = ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "no"}}, "DescribeCluster")
    assert explain_remedy(missing) == explain_remedy(NoCredentialsError()) == ""
