# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_kubeconfig against the sandbox, up to the command that kubectl runs from an installed collection."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from clusters import create_cluster

ROOT = Path(__file__).resolve().parents[2]
CLUSTER, REGION = "my-cluster", "ap-northeast-1"


@pytest.fixture
def keep(sandbox, run_module, tmp_path, monkeypatch):
    """Run eks_kubeconfig on a file of this test."""
    create_cluster(sandbox, CLUSTER)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    def run(check=False, **options):
        args = {"path": str(tmp_path / "config"), "cluster_name": CLUSTER, "region": REGION, **options}
        return run_module("eks_kubeconfig", args, check)

    return run


def test_twelve_steps_and_what_the_file_is_like(keep, tmp_path):
    path = tmp_path / "config"
    planned = keep(check=True)
    assert planned["changed"] and not path.exists()
    made = keep()
    assert made["changed"] and made["diff"] == planned["diff"] and path.stat().st_mode & 0o777 == 0o600
    assert made["context"].endswith(":cluster/my-cluster") == (
        yaml.safe_load(path.read_text())["current-context"] == made["context"]
    )
    before = path.stat()
    assert not keep()["changed"] and not keep(check=True)["changed"] and path.stat() == before
    path.write_text(f"# mine\n{path.read_text()}")
    path.chmod(0o644)
    mended = keep()
    assert mended["changed"] and "mode: '0644'" in mended["diff"]["before"] and path.stat().st_mode & 0o777 == 0o600
    assert keep(python="/other/python")["diff"]["after"].count("/other/python") == 1
    assert keep(state="absent", check=True)["changed"] and yaml.safe_load(path.read_text())["users"]
    gone = keep(state="absent")
    assert gone["changed"] and gone["diff"]["after"].count("[]") == 3 and path.read_text().startswith("# mine")
    assert (
        not keep(state="absent")["changed"]
        and not keep(state="absent", path=str(tmp_path / "no" / "config"))["changed"]
    )
    assert sorted(os.listdir(tmp_path)) == ["config"]


def test_a_profile_an_endpoint_and_a_ca_are_carried_and_keys_are_not(keep, sandbox, tmp_path, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    credentials = tmp_path / "credentials"
    key, secret = sandbox.env["AWS_ACCESS_KEY_ID"], sandbox.env["AWS_SECRET_ACCESS_KEY"]
    credentials.write_text(f"[prod]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    result = keep(profile="prod", endpoint_url=sandbox.endpoint)
    assert not result["failed"], result
    env = yaml.safe_load((tmp_path / "config").read_text())["users"][0]["user"]["exec"]["env"]
    assert {"name": "AWS_PROFILE", "value": "prod"} in env
    assert {"name": "AWS_ENDPOINT_URL", "value": sandbox.endpoint} in env
    assert keep(access_key=key, secret_key=secret)["changed"]
    assert secret not in (tmp_path / "config").read_text()


def test_an_entry_with_names_and_settings_of_the_users(keep, sandbox, tmp_path):
    path = tmp_path / "config"
    path.write_text(
        "# mine\napiVersion: v1\nkind: Config\ncontexts:\n- name: kind  # a test\n  context: {cluster: kind, user: kind}\n"
    )
    role = "arn:aws:iam::123456789012:role/deploy"
    names = {"alias": "prod", "user_alias": "deploy", "namespace": "web", "current_context": True}
    place = {"endpoint": "https://localhost:8443", "tls_server_name": "example.eks.amazonaws.com"}
    more = {**names, **place, "proxy_url": "http://proxy:3128", "credential": "aws_cli", "assume_role_arn": role}
    planned = keep(check=True, **more)
    made = keep(**more)
    assert made["changed"] and made["diff"] == planned["diff"] and made["context"] == "prod"
    config = yaml.safe_load(path.read_text())
    assert path.read_text().startswith("# mine") and "# a test" in path.read_text()
    assert config["current-context"] == "prod" and config["contexts"][1]["context"]["namespace"] == "web"
    assert config["clusters"][0]["cluster"]["server"] == "https://localhost:8443"
    assert config["users"][0]["user"]["exec"]["args"][-2:] == ["--role", role]
    assert not keep(**more)["changed"] and not keep(check=True, **more)["changed"]
    refused = keep(alias="kind")
    assert refused["failed"] and "alias: context kind exists, and is of cluster kind" in refused["msg"]
    gone = keep(state="absent")
    assert gone["changed"] and not keep(state="absent")["changed"]
    left = yaml.safe_load(path.read_text())
    assert [row["name"] for row in left["contexts"]] == ["kind"] and left["users"] == left["clusters"] == []


def test_the_command_assumes_the_role(keep, sandbox, tmp_path):
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = sandbox.client("iam").create_role(RoleName="deploy", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    assert keep(assume_role_arn=role, external_id="my-company", collections_path=str(ROOT.parents[2]))["changed"]
    credential = yaml.safe_load((tmp_path / "config").read_text())["users"][0]["user"]["exec"]
    so_far = len(sandbox.calls())
    env = {**os.environ, **{row["name"]: row["value"] for row in credential["env"]}}
    done = subprocess.run(
        [credential["command"], *credential["args"]], env=env, cwd="/", capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["status"]["token"].startswith("k8s-aws-v1.")
    assert [call["operation"] for call in sandbox.calls()[so_far:]] == ["AssumeRole"]


def test_a_link_stays_a_link(keep, tmp_path):
    (tmp_path / "config").symlink_to(tmp_path / "real")
    assert keep()["changed"] and (tmp_path / "config").is_symlink() and (tmp_path / "real").is_file()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "is not valid YAML in line 1"),
        ("clusters: []\nusers:\n- user:\n    token: secret\n", "is not a kubeconfig: users[0] has no name"),
        (b"\xff\xfe", "is not text in UTF-8"),
    ],
)
def test_a_broken_file_is_named_and_not_written(keep, tmp_path, text, message):
    path = tmp_path / "config"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    before = path.read_bytes()
    for state in ("present", "absent"):
        result = keep(state=state)
        assert (
            result["failed"] and f"path: {path} {message}" in result["msg"] and "Nothing was written" in result["msg"]
        )
        assert "secret" not in json.dumps(result) and path.read_bytes() == before


def test_a_cluster_that_is_not_there(keep):
    assert "cluster none does not exist in ap-northeast-1" in keep(cluster_name="none")["msg"]
    assert not keep(cluster_name="none", state="absent")["changed"]
    planned = keep(cluster_name="none", check=True)
    assert planned["changed"] and not planned["failed"]


def test_the_command_works_from_an_installed_collection(keep, sandbox, tmp_path, monkeypatch):
    installed = tmp_path / "installed"
    shutil.copytree(ROOT / "plugins", installed / "ansible_collections/kumo/eks/plugins")  # what the tarball has of it
    monkeypatch.setenv("ANSIBLE_COLLECTIONS_PATH", str(installed))
    assert keep()["changed"]
    credential = yaml.safe_load((tmp_path / "config").read_text())["users"][0]["user"]["exec"]
    assert credential["env"][0] == {"name": "PYTHONPATH", "value": str(installed)}
    env = {**os.environ, **{row["name"]: row["value"] for row in credential["env"]}}
    done = subprocess.run(
        [credential["command"], *credential["args"]], env=env, cwd="/", capture_output=True, text=True, check=True
    )
    token = json.loads(done.stdout)["status"]["token"].removeprefix("k8s-aws-v1.")
    assert "GetCallerIdentity" in base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
