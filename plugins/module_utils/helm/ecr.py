# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The password of an Amazon ECR registry, requested only when a chart comes from one."""

from __future__ import annotations

import base64
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule
from ansible_collections.kumo.eks.plugins.module_utils.helm.source import Login


def build_ecr_login(module: AnsibleAWSModule) -> Login:
    """A function (account, region) -> password.

    The password is valid for 12 hours and is added to no_log:
    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
    """

    def get_password(account: str | None, region: str | None) -> str:
        ecr = get_client(module, "ecr", **({"region": region} if region else {}))
        request: dict[str, Any] = {"registryIds": [account]} if account else {}
        token = ecr.get_authorization_token(**request)["authorizationData"][0]["authorizationToken"]
        secret = base64.b64decode(token).decode().partition(":")[2]
        module.no_log_values.update({token, secret})
        return secret

    return get_password
