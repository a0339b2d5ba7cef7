# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user of the sandbox's account who has the policies that docs/ publishes, and no more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kumo_sandbox import Sandbox

DOCS = Path(__file__).parents[2] / "docs"
CLUSTER_POLICY, IDENTITIES_POLICY = "iam-policy.json", "iam-policy-identities.json"
USER = "runner"


def read_policy(name: str) -> str:
    """The document as IAM counts and keeps it."""
    return json.dumps(json.loads((DOCS / name).read_text()), separators=(",", ":"))


def create_user(sandbox: Sandbox, *policies: str) -> dict[str, str]:
    """Create a user with these policies of docs; the environment that makes commands run as this user."""
    iam = sandbox.client("iam")
    iam.create_user(UserName=USER)
    for name in policies:
        policy = iam.create_policy(PolicyName=name, PolicyDocument=read_policy(name))["Policy"]["Arn"]
        iam.attach_user_policy(UserName=USER, PolicyArn=policy)
    key = iam.create_access_key(UserName=USER)["AccessKey"]
    own = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    return {**sandbox.env, **own}


def delete_user(sandbox: Sandbox) -> None:
    """Delete the user with its key and its policies."""
    iam, user = sandbox.client("iam"), {"UserName": USER}
    for policy in iam.list_attached_user_policies(**user)["AttachedPolicies"]:
        iam.detach_user_policy(**user, PolicyArn=policy["PolicyArn"])
        iam.delete_policy(PolicyArn=policy["PolicyArn"])
    for key in iam.list_access_keys(**user)["AccessKeyMetadata"]:
        iam.delete_access_key(**user, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(**user)


def list_denied(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The calls that IAM refused."""
    return [row for row in calls if row["status"] in (401, 403) or "Authoriz" in str(row["error"])]
