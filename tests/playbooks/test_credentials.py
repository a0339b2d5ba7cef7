# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""site.yml with the credentials that people have: a profile that assumes a role, and a session that ends midway."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.extended
GUIDE = {"eks_cluster_config": str(Path(__file__).parents[2] / "docs/examples/cluster-config.yaml")}
NAME, ACCOUNT, HOUR = "my-cluster", "123456789012", 3600


@pytest.fixture
def sandbox(sandbox):
    """Sessions end by the sandbox' clock: where it ran fast, an hour would be too short for a playbook."""
    sandbox.clock.set_speed("instant")
    return sandbox


@pytest.fixture
def deployer(sandbox) -> str:
    """The ARN of a role that the account's users may assume, and that may do everything."""
    iam = sandbox.client("iam")
    statement = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    arn = iam.create_role(RoleName="deployer", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.attach_role_policy(RoleName="deployer", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    return arn


@pytest.fixture
def use_session(sandbox, deployer, monkeypatch):
    """use_session(): the environment has the keys of a new session of the role, for an hour."""

    def use() -> None:
        words = {"RoleArn": deployer, "RoleSessionName": "pipeline", "DurationSeconds": HOUR}
        keys = sandbox.client("sts").assume_role(**words)["Credentials"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys["SecretAccessKey"])
        monkeypatch.setenv("AWS_SESSION_TOKEN", keys["SessionToken"])

    return use


def test_a_profile_that_assumes_a_role(sandbox, deployer, play, monkeypatch, tmp_path):
    keys = {name: sandbox.env[f"AWS_{name.upper()}"] for name in ("access_key_id", "secret_access_key")}
    (tmp_path / "credentials").write_text("[base]\n" + "".join(f"aws_{key} = {text}\n" for key, text in keys.items()))
    (tmp_path / "config").write_text(f"[profile deploy]\nrole_arn = {deployer}\nsource_profile = base\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "deploy")
    play("kumo.eks.site", **GUIDE).assert_ok()
    monkeypatch.delenv("AWS_PROFILE")
    # Tools that come later reach the cluster: EKS' entry for its creator is the role's, not a session's.
    assert deployer in sandbox.client("eks").list_access_entries(clusterName=NAME)["accessEntries"]
    monkeypatch.setenv("AWS_PROFILE", "deploy")
    play("kumo.eks.site", **GUIDE).assert_unchanged()


def test_a_session_that_ends_midway(sandbox, use_session, play):
    use_session()
    eks = sandbox.client("eks")

    def end_session() -> None:
        limit = time.monotonic() + 120
        while not eks.list_clusters()["clusters"] and time.monotonic() < limit:
            time.sleep(0.05)
        sandbox.clock.advance(HOUR)

    thread = threading.Thread(target=end_session)
    thread.start()
    play("kumo.eks.site", **GUIDE).assert_refused("expired", "Renew the credentials and run the task again")
    thread.join()
    use_session()
    play("kumo.eks.site", **GUIDE).assert_ok()
    play("kumo.eks.site", **GUIDE).assert_unchanged()
