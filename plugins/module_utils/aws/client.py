# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""boto3 clients with the task's connection options, and what AWS' errors say."""

from __future__ import annotations

import threading
from typing import Any

try:
    import boto3
    import botocore
    from botocore.config import Config
except ImportError:
    pass  # Handled by AnsibleAWSModule

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict
from ansible_collections.amazon.aws.plugins.module_utils.botocore import (
    get_aws_connection_info,
    is_boto3_error_code,
    is_boto3_error_message,
)
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

# botocore's standard mode retries throttling of every spelling, 5xx and dropped connections, with jitter.
# https://boto3.amazonaws.com/v1/documentation/api/latest/guide/retries.html
RETRIES = {"mode": "standard", "max_attempts": 12}


def get_client(module: AnsibleAWSModule, service: str = "eks", **params: Any) -> Any:
    """A boto3 client that retries throttling and server errors.

    Args:
        service: AWS' name of the service, like "ec2".
        params: connection options that take precedence over the task's, like ``region``.
    """
    return module.client(service, config=Config(retries=RETRIES), **params)


class RegionalClients:
    """Clients of services in several regions with the task's connection options, all from one session.

    A session of its own for each would read botocore's model of the service again each time.
    """

    def __init__(self, module: AnsibleAWSModule) -> None:
        dummy, self._endpoint, params = get_aws_connection_info(module)
        self._session = boto3.session.Session(profile_name=params.pop("profile_name", None))
        self._config = Config(retries=RETRIES).merge(params.pop("aws_config", None) or Config())
        self._params = params
        self._lock = threading.Lock()  # making clients is not safe for threads; using them is

    def get_client(self, service: str, region: str) -> Any:
        """A client of the service in the region."""
        with self._lock:
            return self._session.client(
                service, region_name=region, endpoint_url=self._endpoint, config=self._config, **self._params
            )


def is_aws_error(error: Exception) -> bool:
    """Whether AWS refused a call, or could not be reached."""
    return isinstance(error, (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError))


def has_code(error: Exception, *codes: str) -> bool:
    """Whether the exception is an answer of AWS with one of these error codes."""
    return isinstance(error, is_boto3_error_code(list(codes), e=error))


def has_message(error: Exception, text: str) -> bool:
    """Whether the exception is an answer of AWS whose message contains the text."""
    return isinstance(error, is_boto3_error_message(text, e=error))


def is_not_found(error: Exception) -> bool:
    """Whether EKS says that a resource does not exist. Of a cluster it has two ways to say so.

    "ClientException: No cluster found for name: x" is the other one:
    https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/eks/cluster.go
    """
    return has_code(error, "ResourceNotFoundException") or has_message(error, "No cluster found for name")


def format_aws_error(error: Exception) -> str | None:
    """ "Code: message" of AWS' answer, None for any other exception."""
    if not isinstance(error, botocore.exceptions.ClientError):
        return None
    details = error.response.get("Error", {})
    return f"{details.get('Code')}: {details.get('Message')}"


def convert_answer(raw: dict[str, Any]) -> dict[str, Any]:
    """An answer of the API in snake case. Keys of tags and labels are the user's and are not rewritten."""
    return camel_dict_to_snake_dict(raw, ignore_list=["tags", "labels"])
