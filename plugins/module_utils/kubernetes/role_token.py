# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tokens of another IAM role than the caller's, which is assumed for them."""

from __future__ import annotations

from typing import Any

try:
    from botocore.credentials import Credentials
except ImportError:
    pass  # Handled by AnsibleAWSModule

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.token import GLOBAL_HOST, sign_token

SHORTEST = 900  # seconds that a session lasts at least: AssumeRole.DurationSeconds


class RoleTokens:
    """Signs tokens of a role for a cluster. The session's keys stay in memory.

    Args:
        sts: boto3's client of the caller, who assumes the role.
        session: the name of the session, which the API server sees.
    """

    def __init__(self, sts: Any, role_arn: str, session: str, cluster: str) -> None:
        self._sts, self._cluster = sts, cluster
        keys = sts.assume_role(RoleArn=role_arn, RoleSessionName=session, DurationSeconds=SHORTEST)["Credentials"]
        self._credentials = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])

    def mint(self) -> str:
        endpoint = self._sts.meta.endpoint_url
        region = "us-east-1" if endpoint.endswith(f"//{GLOBAL_HOST}") else self._sts.meta.region_name
        return sign_token(self._credentials, endpoint, region, self._cluster)
