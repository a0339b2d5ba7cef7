# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""boto3 clients with the task's connection options, and what AWS' errors say."""

from __future__ import annotations

import threading
import weakref
from typing import Any

try:
    import boto3
    import botocore
    from botocore.config import Config
except ImportError:
    pass  # Handled by AnsibleAWSModule

from ansible.module_utils.ansible_release import __version__ as ansible_version
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


def get_client(module: AnsibleAWSModule, service: str = "eks", region: str | None = None) -> Any:
    """A boto3 client that retries throttling and server errors.

    Args:
        service: AWS' name of the service, like "ec2".
        region: another one than the task's.
    """
    try:
        return _find_session(module).get_client(service, region)
    except botocore.exceptions.NoRegionError:
        module.fail_json(
            msg="region: is required, and neither the task, the environment (AWS_REGION) nor the profile sets it."
        )
    except (ValueError, botocore.exceptions.BotoCoreError) as error:
        module.fail_json_aws(error, msg="Could not connect to AWS")


class TaskSession:
    """A task's session of boto3, with its connection options and the clients made from it.

    amazon.aws makes a session for each client. Each reads botocore's list of services, its endpoints and the model of the
    service again, which takes a module longer than most calls to AWS.
    """

    def __init__(self, module: AnsibleAWSModule) -> None:
        self._region, self._endpoint, params = get_aws_connection_info(module)
        self._session = boto3.session.Session(profile_name=params.pop("profile_name", None))
        own = Config(retries=RETRIES, user_agent_extra=f"Ansible/{ansible_version} kumo.eks")
        self._config = own.merge(params.pop("aws_config", None) or Config())
        self._params = params
        self._lock = threading.Lock()  # making clients is not safe for threads; using them is
        self._clients: dict[tuple[str, str | None], Any] = {}

    def get_client(self, service: str, region: str | None = None) -> Any:
        """The client of the service in a region, or in the task's."""
        key = (service, region or self._region)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._session.client(
                    service, region_name=key[1], endpoint_url=self._endpoint, config=self._config, **self._params
                )
            return self._clients[key]


_sessions: weakref.WeakKeyDictionary[AnsibleAWSModule, TaskSession] = weakref.WeakKeyDictionary()
_sessions_lock = threading.Lock()


def _find_session(module: AnsibleAWSModule) -> TaskSession:
    with _sessions_lock:
        if module not in _sessions:
            _sessions[module] = TaskSession(module)
        return _sessions[module]


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


def is_denied(error: Exception) -> bool:
    """Whether the caller is not allowed to make the call, in the spellings of EKS, IAM and EC2."""
    return has_code(
        error, "AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "Client.UnauthorizedOperation"
    )


def format_aws_error(error: Exception) -> str | None:
    """ "Code: message" of AWS' answer, None for any other exception."""
    if not isinstance(error, botocore.exceptions.ClientError):
        return None
    details = error.response.get("Error", {})
    return f"{details.get('Code')}: {details.get('Message')}"


# Members of EKS' API whose keys are not names of members: the user's, or titles
MAPS = ["tags", "labels", "additionalInfo", "requiredClaims"]


def convert_answer(raw: dict[str, Any]) -> dict[str, Any]:
    """An answer of the API in snake case. Keys of tags, labels and other maps are not rewritten."""
    return camel_dict_to_snake_dict(raw, ignore_list=MAPS)
