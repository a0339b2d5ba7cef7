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

from ansible_collections.kumo.eks.plugins.module_utils.aws.attempts import count_doubtful_attempts
from ansible_collections.kumo.eks.plugins.module_utils.core.error_kinds import build_help

# botocore's standard mode retries throttling of every spelling, 5xx and dropped connections, with jitter.
# https://boto3.amazonaws.com/v1/documentation/api/latest/guide/retries.html
RETRIES = {"mode": "standard", "max_attempts": 12}
SESSION_NAME = "kumo-eks"  # of roles that are assumed, as CloudTrail shows it


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
            msg="region: is required, and neither the task, the environment (AWS_REGION) nor the profile sets it.",
            **build_help("invalid-option"),
        )
    except (ValueError, botocore.exceptions.BotoCoreError) as error:
        module.fail_json_aws(error, msg="Could not connect to AWS", **build_help("no-credentials"))


def get_quick_client(module: AnsibleAWSModule, service: str, region: str) -> Any:
    """A client for what the task can do without: it gives up after two attempts of a few seconds, as in a network without a way out."""
    where, endpoint, params = get_aws_connection_info(module)
    quick = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "max_attempts": 2})
    given = params.get("aws_config") or Config()
    return AwsSession(where, endpoint, {**params, "aws_config": given.merge(quick)}).get_client(service, region)


class AwsSession:
    """A session of boto3 with its connection options, and the clients made from it. Threads may share it.

    amazon.aws makes a session for each client. Each reads botocore's list of services, its endpoints and the model of the
    service again, which takes a module longer than most calls to AWS.

    Args:
        region: the region of clients that name none.
        endpoint: the URL of all clients, None for AWS' own.
        params: profile_name, aws_config, and arguments of ``Session.client``, as amazon.aws' get_aws_connection_info gives them.
        settings: of botocore's Config. Those of aws_config come first.
    """

    def __init__(self, region: str | None, endpoint: str | None, params: dict[str, Any], **settings: Any) -> None:
        params = dict(params)
        self._region, self._endpoint = region, endpoint
        self._session = boto3.session.Session(profile_name=params.pop("profile_name", None))
        own = Config(retries=RETRIES, user_agent_extra=f"Ansible/{ansible_version} kumo.eks", **settings)
        self._config = own.merge(params.pop("aws_config", None) or Config())
        self._params = params
        self._lock = threading.Lock()  # making clients is not safe for threads; using them is
        self._clients: dict[tuple[str, str | None], Any] = {}

    def get_client(self, service: str, region: str | None = None) -> Any:
        """The client of the service in a region, or in the session's."""
        key = (service, region or self._region)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._session.client(
                    service, region_name=key[1], endpoint_url=self._endpoint, config=self._config, **self._params
                )
                count_doubtful_attempts(self._clients[key])
            return self._clients[key]

    @property
    def region(self) -> str | None:
        """The session's region: of the options, the environment or the profile."""
        return self._region or self._session.region_name

    def assume_role(self, arn: str, external_id: str | None = None, region: str | None = None) -> AwsSession:
        """A session with the credentials of an IAM role, which are good for an hour.

        Args:
            external_id: what the role's trust policy asks for.
            region: where STS is asked. Credentials of its regional endpoints are good in all regions.
        """
        request = {"RoleArn": arn, "RoleSessionName": SESSION_NAME}
        if external_id:
            request["ExternalId"] = external_id
        keys = self.get_client("sts", region).assume_role(**request)["Credentials"]
        params = {
            "aws_access_key_id": keys["AccessKeyId"],
            "aws_secret_access_key": keys["SecretAccessKey"],
            "aws_session_token": keys["SessionToken"],
            "verify": self._params.get("verify"),
            "aws_config": self._config,
        }
        return AwsSession(region or self._region, self._endpoint, params)


_sessions: weakref.WeakKeyDictionary[AnsibleAWSModule, AwsSession] = weakref.WeakKeyDictionary()
_sessions_lock = threading.Lock()


def _find_session(module: AnsibleAWSModule) -> AwsSession:
    with _sessions_lock:
        if module not in _sessions:
            _sessions[module] = AwsSession(*get_aws_connection_info(module))
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
    """Whether EKS says that a resource does not exist. DescribeCluster and DeleteCluster have two ways to say so.

    "Sometimes the EKS API returns the ResourceNotFound error in this form: ClientException: No cluster found for name: ...":
    https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/eks/cluster.go (findClusterByName, resourceClusterDelete)
    """
    if has_code(error, "ClientException"):
        return has_message(error, "No cluster found for name:")
    return has_code(error, "ResourceNotFoundException")


def is_denied(error: Exception) -> bool:
    """Whether the caller is not allowed to make the call, in the spellings of EKS, IAM and EC2."""
    return has_code(
        error, "AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "Client.UnauthorizedOperation"
    )


def is_key_unknown(error: Exception) -> bool:
    """Whether the credentials are none that the region knows: of another partition, or of an account that has not enabled it.

    https://github.com/aws/chalice/issues/1445, https://github.com/ansible-collections/amazon.aws/pull/2669
    """
    return has_code(error, "UnrecognizedClientException", "InvalidClientTokenId", "AuthFailure")


def is_unreachable(error: Exception) -> bool:
    """Whether nothing answered at the endpoint: a region where the service is not, or a network without a route to it."""
    return isinstance(error, (botocore.exceptions.HTTPClientError, botocore.exceptions.ConnectionError))


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
