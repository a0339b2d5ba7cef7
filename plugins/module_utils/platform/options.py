# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a component, and what is allowed in them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.arguments import read_arguments
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import build_state_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.helm import (
    NAMESPACE,
    OCI,
    find_release_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_duplicates, find_tag_problems
from ansible_collections.kumo.eks.plugins.module_utils.platform.catalog import COMPONENTS, WORDS, Component

Spec = dict[str, Any]
Options = dict[str, Any]

IDENTITIES = ("pod_identity", "irsa", "none")
LIMITS = ("hosted_zones", "secrets", "kms_keys")
OF_CHARTS = ("secret_values", "repository")
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_HostedZone.html (Id)
ZONE = re.compile(r"(arn:aws[\w-]*:route53:::hostedzone/)?[A-Z0-9]{1,32}", re.ASCII)
SECRET = re.compile(
    r"arn:aws[\w-]*:(secretsmanager:[\w*-]*:(\d{12}|\*)?:secret:|ssm:[\w*-]*:(\d{12}|\*)?:parameter/).+", re.ASCII
)
KEY = re.compile(r"arn:aws[\w-]*:kms:[\w*-]*:(\d{12}|\*)?:(key|alias)/.+", re.ASCII)
FORMS = {
    "hosted_zones": (ZONE, "the ID of a hosted zone, like Z0123456789ABCDEFGHIJ, or its ARN"),
    "secrets": (SECRET, "the ARN of a secret of Secrets Manager or of a parameter of Systems Manager"),
    "kms_keys": (KEY, "the ARN of a KMS key"),
}


def build_component_spec() -> Spec:
    """The options of an item of the list of components."""
    return dict(
        name=dict(type="str", required=True, choices=list(WORDS)),
        version=dict(type="str"),
        values=dict(type="dict", no_log=True),
        secret_values=dict(type="dict", no_log=True),
        namespace=dict(type="str"),
        identity=dict(type="str", choices=list(IDENTITIES)),
        hosted_zones=dict(type="list", elements="str"),
        secrets=dict(type="list", elements="str", no_log=False),
        kms_keys=dict(type="list", elements="str", no_log=False),
        repository=dict(type="str"),
    )


def build_settings_spec() -> Spec:
    """The options of a task that hold for all components."""
    return dict(
        identity=dict(type="str", choices=list(IDENTITIES), default=IDENTITIES[0]),
        kubernetes_version=dict(type="str"),
        chart_repository=dict(type="str"),
        chart_repository_username=dict(type="str"),
        chart_repository_password=dict(type="str", no_log=True),
        ecr_login=dict(type="bool", default=False),
        binary_path=dict(type="path"),
        tags=dict(type="dict", aliases=["resource_tags"]),
        wait_timeout=dict(type="int", default=1200),
    )


def build_platform_spec() -> Spec:
    """The options of a task."""
    return dict(
        cluster_name=dict(type="str", required=True),
        components=dict(type="list", elements="raw", required=True),
        purge=dict(type="bool", default=False),
        **build_settings_spec(),
        **build_state_spec(),
    )


def find_platform_problems(options: Options) -> Iterator[str]:
    """What is wrong with the options of a task beside its components."""
    url = options.get("chart_repository")
    names = ("chart_repository_username", "chart_repository_password")
    given = [name for name in names if options.get(name)]
    yield from find_mirror_problems("chart_repository", url)
    yield from find_tag_problems(options.get("tags"))
    if len(given) == 1:
        missing = [name for name in names if name not in given]
        yield f"{missing[0]}: is required, because {given[0]} is set."
    if given and not url:
        yield f"{given[0]}: is for chart_repository, which is not set."
    if options.get("ecr_login") and not (url or "").startswith(OCI):
        yield f"ecr_login: chart_repository is not a registry ({OCI})."
    timeout = options.get("wait_timeout")
    if timeout is not None and timeout <= 0:
        yield f"wait_timeout: {timeout} is not a valid time. Use 1 second or more."


def expand_component(item: Any) -> Any:
    """A component that is only a word as a mapping of options."""
    return {"name": item} if isinstance(item, str) else item


def find_component_problems(options: Options) -> Iterator[str]:
    """What is wrong with a component's options beside their types."""
    name = options["name"]
    component = COMPONENTS[name]
    for option in LIMITS:
        if options.get(option) is not None:
            yield from _find_limit_problems(option, options[option], name, component)
    if options.get("identity") and component.rights is None:
        yield f"identity: {name} calls no API of AWS and has no identity. Remove the option."
    if component.addon:
        for option in OF_CHARTS:
            if options.get(option) is not None:
                yield f"{option}: {name} is an add-on of EKS, not a Helm chart. Remove the option."
        namespace = options.get("namespace")
        if namespace is not None and not NAMESPACE.fullmatch(namespace):
            yield f"namespace: {namespace!r} is not a valid namespace name."
    else:
        yield from find_release_problems({**options, "name": "release", "chart": "chart", "repository": None})
        yield from find_mirror_problems("repository", options.get("repository"))


def _find_limit_problems(option: str, given: list[str], name: str, component: Component) -> Iterator[str]:
    if component.rights is None or option not in component.rights.limits:
        words = [word for word in WORDS if (rights := COMPONENTS[word].rights) and option in rights.limits]
        yield f"{option}: the policy of {name} cannot be limited by it. It is an option of {' and '.join(words)}."
        return
    if not given:
        yield f"{option}: is empty. Name at least one, or remove the option to allow all."
    form, words_of_form = FORMS[option]
    for value in given:
        if not form.fullmatch(value):
            yield f"{option}: {value!r} is not valid. Use {words_of_form}."


def find_mirror_problems(option: str, url: str | None) -> Iterator[str]:
    """An address that is neither that of a chart repository nor of a registry."""
    if url and not url.startswith(OCI):
        for problem in find_release_problems({"name": "release", "chart": "chart", "repository": url}):
            yield problem.replace("repository:", f"{option}:", 1)
    elif url == OCI:
        yield f"{option}: {url} names no registry. Use one like oci://registry.example.com/charts."


def read_components(given: Any, path: str) -> list[Options]:
    """The components of a task.

    Args:
        path: the option's name, for messages.

    Raises:
        ValidationError: with all problems, before anything is created.
    """
    if not isinstance(given, list):
        raise ValidationError(f"{path}: the value is not a list. Use a list of components: {', '.join(WORDS)}.")
    found, problems = [], []
    for number, item in enumerate(given):
        where = f"{path}[{number}]."
        options, wrong = read_arguments(build_component_spec(), expand_component(item), where)
        problems += wrong
        if not wrong:
            options = drop_none(options)
            problems += [where + problem for problem in find_component_problems(options)]
            found.append(options)
    problems += find_duplicates(path, [options["name"] for options in found])
    if problems:
        raise ValidationError(" ".join(problems), problems=problems)
    return found
