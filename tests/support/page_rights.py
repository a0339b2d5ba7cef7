# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user who has the rights that a section of docs/permissions.md names, and no more."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kumo_sandbox import Sandbox

PAGE = Path(__file__).parents[2] / "docs/permissions.md"
ACTION = re.compile(r"`([a-z0-9-]+:[A-Za-z*]+)`")


def read_section(title: str) -> list[str]:
    """The actions in the text below a heading."""
    text = PAGE.read_text(encoding="utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return list(dict.fromkeys(ACTION.findall(text)))


@contextmanager
def become(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, actions: list[str]) -> Iterator[None]:
    """Run modules as a user who may call these actions, with IAM enforced."""
    iam = sandbox.client("iam")
    iam.create_user(UserName="reader")
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="reader", PolicyName="some", PolicyDocument=document)
    keys = iam.create_access_key(UserName="reader")["AccessKey"]
    with monkeypatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", keys["AccessKeyId"])
        patch.setenv("AWS_SECRET_ACCESS_KEY", keys["SecretAccessKey"])
        sandbox.set_enforce_iam(True)
        sandbox.recorder.clear()
        try:
            yield
        finally:
            sandbox.set_enforce_iam(False)


def list_called(sandbox: Sandbox) -> set[str]:
    """The actions of the calls since the user came."""
    return {f"{call['service']}:{call['operation']}" for call in sandbox.calls()}
