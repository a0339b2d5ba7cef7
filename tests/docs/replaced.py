# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether commands that the pages only show (what our steps replace) are written as their tools want them.

The aws command is botocore's model with hyphens: https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-parameters.html.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import botocore.session
from botocore import xform_name
from botocore.exceptions import UnknownServiceError
from botocore.model import OperationModel, Shape

SESSION = botocore.session.get_session()
AWS_GLOBAL = {"region", "profile", "output", "query"}
# Commands that the aws command adds to the model. https://docs.aws.amazon.com/cli/latest/reference/eks/
AWS_OWN = {"eks update-kubeconfig": {"name", "kubeconfig", "role-arn", "alias"}, "ecr get-login-password": set()}
# Options that the aws command calls otherwise than the model, because --version is its own.
AWS_RENAMED = {("eks", "version"): "kubernetes-version"}
# https://eksctl.io/usage/ ; the flags of the commands that the pages show.
EKSCTL = {
    "create cluster": {"f", "config-file"},
    "create nodegroup": {"f", "config-file"},
    "create fargateprofile": {"f", "config-file"},
    "create iamserviceaccount": {"cluster", "namespace", "name", "attach-policy-arn", "approve", "region"},
    "delete iamserviceaccount": {"cluster", "namespace", "name", "wait", "region"},
    "create podidentityassociation": {
        "cluster",
        "namespace",
        "service-account-name",
        "role-arn",
        "permission-policy-arns",
        "region",
    },
    "create addon": {"cluster", "name", "version", "region"},
    "utils associate-iam-oidc-provider": {"cluster", "approve", "region"},
    "delete nodegroup": {"cluster", "name", "region"},
    "delete cluster": {"f", "config-file", "name", "region", "wait"},
    "upgrade cluster": {"name", "version", "approve", "region"},
    "upgrade nodegroup": {"cluster", "name", "kubernetes-version", "region"},
}


class Wrong(Exception):
    """A command that its tool would not take, and why."""


def check(text: str, tools: dict[str, Path]) -> int:
    """Check each command of a shell block; ``tools`` are programs that can be asked for their flags. Returns how many."""
    count = 0
    for words in commands(text):
        tool = words[0]
        if tool == "aws":
            check_aws(words[1:])
        elif tool == "eksctl":
            check_table(words[1:], EKSCTL)
        elif tool in tools:
            check_by_help(tools[tool], words[1:])
        else:
            raise Wrong(f"{tool}: a command that nothing here can check")
        count += 1
    return count


def commands(text: str) -> Iterator[list[str]]:
    """The commands of a block as words; comments, continued lines and here-documents are taken care of."""
    text = re.sub(r"<<'?(\w+)'?\n[\s\S]*?^\1$", "", text, flags=re.MULTILINE)
    text = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*$|\s+# .*$", "", text, flags=re.MULTILINE))
    words: list[str] = []
    lexer = shlex.shlex(text, posix=True, punctuation_chars="\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t", True, ""
    for token in [*lexer, "\n"]:
        if token.strip("\n"):
            words.append(token)
        elif words:
            yield words
            words = []


def flags_of(words: list[str]) -> tuple[list[str], dict[str, list[str]]]:
    """Words before the first flag, and each flag's values."""
    plain: list[str] = []
    flags: dict[str, list[str]] = {}
    values = plain
    for word in words:
        if re.match(r"--?[a-z]", word):
            name, has_value, value = word.lstrip("-").partition("=")
            values = flags.setdefault(name, [])
            values += [value] if has_value else []
        else:
            values.append(word)
    return plain, flags


def check_aws(words: list[str]) -> None:
    plain, flags = flags_of(words)
    flags = {name: values for name, values in flags.items() if name not in AWS_GLOBAL}
    own = AWS_OWN.get(" ".join(plain))
    if own is not None:
        unknown(" ".join(plain), set(flags), own)
        return
    operation, taken = aws_operation(plain)
    options = {name: xform_name(name, "-") for name in operation.input_shape.members}
    known = {AWS_RENAMED.get((plain[0], option), option): name for name, option in options.items()}
    unknown(f"aws {' '.join(plain)}", set(flags), set(known))
    given = {known[name] for name in flags}
    missing = set(operation.input_shape.required_members) - given
    if missing:
        raise Wrong(f"aws {' '.join(taken)}: {', '.join(sorted(missing))} is missing")
    for name, values in flags.items():
        check_value(f"--{name}", values, operation.input_shape.members[known[name]])


def aws_operation(plain: list[str]) -> tuple[OperationModel, list[str]]:
    """The operation of ``eks create-cluster``, or the one that ``eks wait cluster-active`` polls."""
    try:
        model = SESSION.get_service_model(plain[0])
    except UnknownServiceError as error:
        raise Wrong(f"aws {plain[0]}: no such service") from error
    if plain[1] == "wait":
        waiters = SESSION.get_waiter_model(plain[0])
        names = {xform_name(name, "-"): name for name in waiters.waiter_names}
        if plain[2] not in names:
            raise Wrong(f"aws {plain[0]} wait {plain[2]}: no such waiter")
        return model.operation_model(waiters.get_waiter(names[plain[2]]).operation), plain
    names = {xform_name(name, "-"): name for name in model.operation_names}
    if plain[1] not in names or plain[2:]:
        raise Wrong(f"aws {' '.join(plain)}: no such operation")
    return model.operation_model(names[plain[1]]), plain


def check_value(flag: str, values: list[str], shape: Shape) -> None:
    """A structure's keys are the shape's, in JSON or in the shorthand k=v,k=v; numbers are numbers, choices are choices."""
    for value in values:
        if value[:1] in "[{" and shape.type_name in ("structure", "list", "map"):
            check_json(flag, json.loads(value), shape)
        elif shape.type_name == "structure":
            keys = set(re.findall(r"(?:^|,)(\w+)=", value))
            if not keys:
                raise Wrong(f"{flag}: {value!r} has no key")
            unknown(flag, keys, set(shape.members))
        elif shape.type_name == "integer" and not value.isdecimal():
            raise Wrong(f"{flag}: {value!r} is no number")
        elif getattr(shape, "enum", []) and value not in shape.enum:
            raise Wrong(f"{flag}: {value!r} is none of {', '.join(shape.enum)}")
        elif value[:1] == "{":
            json.loads(value)  # a policy document


def check_json(flag: str, value: object, shape: Shape) -> None:
    if shape.type_name == "list" and isinstance(value, list):
        for item in value:
            check_json(flag, item, shape.member)
    elif shape.type_name == "structure" and isinstance(value, dict):
        unknown(flag, set(value), set(shape.members))
        for name, item in value.items():
            check_json(f"{flag} {name}", item, shape.members[name])
    elif shape.type_name == "map" and not isinstance(value, dict):
        raise Wrong(f"{flag}: {value!r} is no map")


def check_table(words: list[str], table: dict[str, set[str]]) -> None:
    plain, flags = flags_of(words)
    name = " ".join(plain[:2])
    if name not in table or plain[2:]:
        raise Wrong(f"eksctl {' '.join(plain)}: not in the table of commands")
    unknown(f"eksctl {name}", set(flags), table[name])


def check_by_help(program: Path, words: list[str]) -> None:
    """kubectl and helm say themselves which flags a command has."""
    flags = {word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    before = [word for word in words[:3] if re.fullmatch(r"[a-z-]+", word) and not word.startswith("-")]
    for length in range(len(before), 0, -1):
        done = subprocess.run(
            [str(program), *before[:length], "--help"], capture_output=True, text=True, check=False, env=os.environ
        )
        if done.returncode == 0 and re.search(r"^Usage:", done.stdout, re.MULTILINE):
            known = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", done.stdout + _common_help(program, done.stdout)))
            unknown(" ".join(before[:length]), flags, known)
            return
    raise Wrong(f"{program.name} {' '.join(before)}: no such command")


def _common_help(program: Path, text: str) -> str:
    """The flags that all commands have, where the help of one only says where they are told."""
    if f"{program.name} options" not in text:
        return ""
    return subprocess.run([str(program), "options"], capture_output=True, text=True, check=True).stdout


def unknown(what: str, given: set[str], known: set[str]) -> None:
    wrong = given - known
    if wrong:
        raise Wrong(f"{what}: {', '.join(sorted(wrong))} is none of {', '.join(sorted(known))}")
