# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module class, and the one exception boundary of every module."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

try:
    import botocore
except ImportError:
    pass  # Handled by AnsibleAWSModule

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.amazon.aws.plugins.module_utils import modules
from ansible_collections.amazon.aws.plugins.module_utils.modules import aws_argument_spec

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError, get_facts
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.arguments import read_arguments

__all__ = ["AnsibleAWSModule", "build_connection_spec", "format_failure", "handle_failures"]


# What Ansible says of text or a list where a mapping is expected, without the name of the option
UNNAMED = "dictionary requested, could not parse"


class OptionNamingModule(AnsibleModule):
    """A module whose refusals name the option."""

    def _load_params(self) -> None:
        super()._load_params()
        self._given = dict(self.params)

    def fail_json(self, msg: str = "", **facts: Any) -> None:
        """End the task with a failure."""
        if UNNAMED in str(msg):
            msg = " ".join(read_arguments(self.argument_spec, self._given, "")[1]) or msg
        super().fail_json(msg=msg, **facts)


class AnsibleAWSModule(modules.AnsibleAWSModule):
    """amazon.aws' module, whose refusals name the option."""

    def __init__(self, **settings: Any) -> None:
        own = modules.AnsibleAWSModule.default_settings  # amazon.aws reads the class from here alone
        before = own["module_class"]
        own["module_class"] = OptionNamingModule
        try:
            super().__init__(**settings)
        finally:
            own["module_class"] = before


@contextmanager
def handle_failures(module: AnsibleAWSModule, action: str) -> Iterator[None]:
    """Turn an exception into the failure of the task.

    Args:
        action: what the module could not do, like "Could not manage cluster my-cluster".
    """
    try:
        yield
    except EksError as error:
        module.fail_json(msg=error.message, **error.facts)
    except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
        module.fail_json_aws(error, msg=action, **get_facts(error))


def format_failure(error: Exception) -> str:
    """The failure of one item of a list, in a line."""
    return error.message if isinstance(error, EksError) else f"{type(error).__name__}: {error}"


def build_connection_spec() -> dict[str, Any]:
    """The options of the connection to AWS, which every module has."""
    return aws_argument_spec()
