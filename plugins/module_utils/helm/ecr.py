# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The password of an Amazon ECR registry, asked for only when a chart comes from one."""

from __future__ import annotations

import base64
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule
from ansible_collections.kumo.eks.plugins.module_utils.helm.chart import Login


def build_ecr_login(module: AnsibleAWSModule) -> Login:
    """A function (account, region) -> password. Good for 12 hours (GetAuthorizationToken), and known to no_log."""

    def password(account: str | None, region: str | None) -> str:
        ecr = get_client(module, "ecr", **({"region": region} if region else {}))
        wanted: dict[str, Any] = {"registryIds": [account]} if account else {}
        token = ecr.get_authorization_token(**wanted)["authorizationData"][0]["authorizationToken"]
        secret = base64.b64decode(token).decode().partition(":")[2]
        module.no_log_values.update({token, secret})
        return secret

    return password
