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
from ansible.module_utils.common.parameters import remove_values
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule, aws_argument_spec

from ansible_collections.kumo.eks.plugins.module_utils.aws.error_kinds import build_error_facts
from ansible_collections.kumo.eks.plugins.module_utils.aws.remedies import explain_remedy
from ansible_collections.kumo.eks.plugins.module_utils.core.error_kinds import build_help
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.core.progress import PROGRESS, RESULT
from ansible_collections.kumo.eks.plugins.module_utils.core.secrets import find_node_secrets, list_whole_spellings
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.arguments import read_arguments, spell_foreign_items
from ansible_collections.kumo.eks.plugins.module_utils.core.texts import collect_texts
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_name_problems

__all__ = ["AnsibleAWSModule", "CarefulModule", "build_connection_spec", "format_failure", "handle_failures"]


# What Ansible says of text or a list where a mapping is expected, without the name of the option
UNNAMED = "dictionary requested, could not parse"
# The module that lists a wrong name with all other problems of an input
LISTS_PROBLEMS = "eks_preflight"
# missing_required_lib and get_bin_path of ansible-core
NOT_INSTALLED = ("Failed to import the required Python library", "Failed to find required executable")


class CarefulModule(AnsibleModule):
    """A module whose refusals name the option, whose failure masks all options with no_log, and whose result says what it waited for.

    Neither the log of its host nor the result has user data of nodes, or secrets in their settings.

    ansible-core stops to collect those at the first item of a list that is not a mapping, and fails with the options it has:
    secret_key would be shown in ``invocation`` (ArgumentSpecValidator.validate in module_utils/common/arg_spec.py).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._check_cluster_name()

    def _check_cluster_name(self) -> None:
        """Refuse a name that no cluster can have: an empty one would ask EKS for another operation, as /clusters/ lists clusters."""
        name = self.params.get("cluster_name")
        if isinstance(name, str) and not self._name.endswith(LISTS_PROBLEMS):
            for problem in find_name_problems("cluster", name, "cluster_name"):
                self.fail_json(msg=problem, **build_help("invalid-option"))

    def _load_params(self) -> None:
        super()._load_params()
        # Without the internal options of Ansible, like _ansible_check_mode
        self._given = {name: value for name, value in self.params.items() if not name.startswith("_ansible_")}
        self.params = spell_foreign_items(self.argument_spec, self.params)

    def _log_invocation(self) -> None:
        self._mask_node_secrets()
        super()._log_invocation()

    def _mask_node_secrets(self) -> None:
        texts = find_node_secrets(getattr(self, "params", None))
        self.no_log_values.update(spelling for text in texts for spelling in list_whole_spellings(text))

    def fail_json(self, msg: str, **result: Any) -> None:
        params = getattr(self, "params", None) or {}
        self._mask_node_secrets()
        for option, about in self.argument_spec.items():
            if about.get("no_log") and not (about.get("options") and self._is_checked(params.get(option))):
                names = (option, *about.get("aliases", ()))
                self.no_log_values.update(text for name in names for text in collect_texts(params.get(name)))
        if UNNAMED in str(msg):
            msg = " ".join(read_arguments(self.argument_spec, self._given, "")[1]) or msg
        super().fail_json(msg=msg, **{**_find_help(str(msg)), **_drop_warnings(result)}, **_collect_waits())

    def exit_json(self, **result: Any) -> None:
        super().exit_json(**_drop_warnings(result), **_collect_waits())

    def warn(self, warning: str, **options: Any) -> None:
        """Mask it: since 2.19 ansible-core returns warnings as objects, and masks only the plain values of a result."""
        super().warn(remove_values(warning, self.no_log_values), **options)

    @staticmethod
    def _is_checked(value: Any) -> bool:
        """Whether the options of a value's items were read: they say by themselves what is a secret."""
        return all(isinstance(item, dict) for item in (value if isinstance(value, list) else [value]))


def _find_help(msg: str) -> dict[str, str]:
    """The kind of what Ansible itself says: of options that its argument specs refuse, and of what is not installed."""
    return build_help("missing-software" if msg.startswith(NOT_INSTALLED) else "invalid-option")


def _drop_warnings(result: dict[str, Any]) -> dict[str, Any]:
    """amazon.aws hands over what ``warn`` has taken already, and ansible-core shows a deprecation for that (AnsibleAWSModule.exit_json)."""
    return {name: value for name, value in result.items() if name != "warnings"}


def _collect_waits() -> dict[str, Any]:
    """What the task waited for, as a part of its result; nothing where it did not wait."""
    waits = PROGRESS.take_waits()
    return {RESULT: waits} if waits else {}


AnsibleAWSModule.default_settings["module_class"] = CarefulModule


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
        remedy = explain_remedy(error)
        module.fail_json_aws(
            error, msg=f"{action}. {remedy.rstrip('.')}" if remedy else action, **build_error_facts(error)
        )


def format_failure(error: Exception) -> str:
    """The failure of one item of a list, in a line."""
    if isinstance(error, EksError):
        return error.message
    remedy = explain_remedy(error)
    return f"{type(error).__name__}: {error}" + (f". {remedy}" if remedy else "")


def build_connection_spec() -> dict[str, Any]:
    """The options of the connection to AWS, which every module has."""
    return aws_argument_spec()
