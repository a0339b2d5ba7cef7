# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions of boto3 for plugins that run on the controller: their connection options, other profiles, and roles to assume."""

from __future__ import annotations

from typing import Any

try:
    from botocore.exceptions import ProfileNotFound
except ImportError:
    pass  # amazon.aws says so

from ansible_collections.amazon.aws.plugins.plugin_utils.botocore import get_aws_connection_info

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import AwsSession
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError

CONNECT_TIMEOUT = 10  # seconds; a region that cannot be reached is not waited for as long as botocore would


def open_session(plugin: Any, profile: str | None = None) -> AwsSession:
    """A session with the plugin's connection options, or with the credentials of another profile.

    Args:
        plugin: one that is based on amazon.aws' AWSPluginBase.

    Raises:
        ValidationError: there is no such profile.
    """
    region, endpoint, params = get_aws_connection_info(plugin)
    if profile:
        # Keys and the region of the environment's own profile would be taken before those of this one
        region = plugin.get_option("region")
        params = {"profile_name": profile, "verify": params.get("verify")}
    try:
        return AwsSession(region, endpoint, params, connect_timeout=CONNECT_TIMEOUT)
    except ProfileNotFound as error:
        raise ValidationError(f"profile: {error}.") from error
