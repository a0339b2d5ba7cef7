# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries in kubeconfigs of every kind: what changes in the values, in the text, and in the diff."""

from __future__ import annotations

import json
import os
import threading

import pytest
import yaml

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError, ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes import locked_file
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kubeconfig import (
    HIDDEN,
    EntrySettings,
    build_cli_credential,
    build_credential,
    build_diff,
    build_entry,
    build_environment,
    find_taken_names,
    merge_entry,
    remove_entry,
    validate_kubeconfig,
)
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kubeconfig_text import (
    dump,
    edit_kubeconfig,
    has_comments,
    parse_kubeconfig,
)
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.locked_file import lock_file, write_text

REGION = "ap-northeast-1"
ARN = f"arn:aws:eks:{REGION}:123456789012:cluster/my-cluster"
CLUSTER = {
    "name": "my-cluster",
    "arn": ARN,
    "endpoint": "https://127.0.0.1:1",
    "certificateAuthority": {"data": "Q0E="},
}
ENTRY = build_entry(CLUSTER, build_credential("my-cluster", REGION, "python3", None))
COMMENTED = """\
# my clusters
apiVersion: v1
kind: Config   # as kubectl wants it
clusters:
# the old one
- cluster:
    server: https://192.0.2.1  # in the cellar
  name: other
# end of clusters
contexts:
- context: {cluster: other, user: other}  # flow style
  name: other
users:
  # indented rows
  - name: other
    user:
      client-key-data: |
        c2VjcmV0
      token: secret
# preferences come last
preferences: {}
current-context: other
"""
AWS_CLI = f"""\
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: T0xE
    server: https://192.0.2.9
  name: {ARN}
contexts:
- context:
    cluster: {ARN}
    user: {ARN}
    namespace: production  # mine
  name: {ARN}
current-context: {ARN}
kind: Config
users:
- name: {ARN}
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args:
      - --region
      - ap-northeast-1
      - eks
      - get-token
      command: aws
"""
NULLS = "apiVersion: v1\nkind: Config\nclusters: null\ncontexts:\nusers: []\ncurrent-context: ''\n# the end"


def set_up(text):
    """The text with the entry, and whether comments are kept."""
    return edit_kubeconfig(text, merge_entry(yaml.safe_load(text) or {}, ENTRY))


# values


def test_an_entry_carries_the_profile_the_endpoint_and_the_ca_and_no_key():
    params = {
        "profile": "prod",
        "endpoint_url": "https://vpce.example",
        "aws_ca_bundle": "/ca.pem",
        "access_key": "AKIA",
        "region": REGION,
    }
    credential = build_credential("my-cluster", REGION, "/venv/bin/python", "/collections", build_environment(params))
    entry = build_entry(CLUSTER, credential)
    assert entry["users"]["user"]["exec"] == {
        "apiVersion": "client.authentication.k8s.io/v1",
        "interactiveMode": "Never",
        "command": "/venv/bin/python",
        "args": ["-m", "ansible_collections.kumo.eks.plugins.module_utils.kubernetes.token"]
        + ["--cluster", "my-cluster", "--region", REGION],
        "env": [
            {"name": "PYTHONPATH", "value": "/collections"},
            {"name": "AWS_PROFILE", "value": "prod"},
            {"name": "AWS_ENDPOINT_URL", "value": "https://vpce.example"},
            {"name": "AWS_CA_BUNDLE", "value": "/ca.pem"},
        ],
    }
    assert "env" not in ENTRY["users"]["user"]["exec"]


def test_other_entries_stay_and_the_default_namespace_too():
    merged = merge_entry(yaml.safe_load(COMMENTED), ENTRY)
    assert [row["name"] for row in merged["clusters"]] == ["other", ARN] and merged["current-context"] == "other"
    assert merge_entry(merged, ENTRY) == merged
    replaced = merge_entry(yaml.safe_load(AWS_CLI), ENTRY)
    assert replaced["contexts"][0]["context"] == {"cluster": ARN, "user": ARN, "namespace": "production"}
    assert replaced["users"] == [ENTRY["users"]]
    gone = remove_entry(replaced, REGION, "my-cluster")
    assert [gone[part] for part in ("clusters", "contexts", "users", "current-context")] == [[], [], [], ""]


def test_a_cluster_of_this_name_in_another_region_stays():
    merged = merge_entry({}, ENTRY)
    assert remove_entry(merged, "us-east-1", "my-cluster") == merged


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a", "it holds no mapping"),
        ("clusters: {}", "clusters is not a list"),
        ("users:\n- user: {token: secret}", r"users\[0\] has no name"),
        ("users: [secret]", r"users\[0\] has no name"),
        ("contexts:\n- name: 5", r"contexts\[0\] has no name"),
    ],
)
def test_what_is_not_a_kubeconfig_is_refused_with_its_place(text, message):
    with pytest.raises(
        ValidationError, match=f"path: /f is not a kubeconfig: {message}. Nothing was written"
    ) as caught:
        validate_kubeconfig(yaml.safe_load(text), "/f")
    assert "secret" not in caught.value.message
    assert validate_kubeconfig(None, "/f") == {}


def test_what_is_not_yaml_is_refused_with_its_line_and_without_its_text():
    with pytest.raises(ValidationError, match="path: /f is not valid YAML in line 3, column") as caught:
        parse_kubeconfig("users:\n- user:\n    token: secret: [\n", "/f")
    assert "secret" not in caught.value.message
    with pytest.raises(ValidationError, match="is not valid YAML"):
        parse_kubeconfig("a: \x00", "/f")


# text


def test_comments_and_layout_stay():
    text, kept = set_up(COMMENTED)
    assert kept and all(line in text.splitlines() for line in COMMENTED.splitlines())
    again, kept = edit_kubeconfig(text, remove_entry(yaml.safe_load(text), REGION, "my-cluster"))
    assert kept and again == COMMENTED


def test_an_entry_of_the_aws_command_is_replaced_in_its_place():
    text, kept = set_up(AWS_CLI)
    assert kept and "command: aws" not in text and "namespace: production" in text
    assert text.splitlines()[0] == "apiVersion: v1" and text.index("current-context") < text.index("kind: Config")


@pytest.mark.parametrize("text", ["", "# only this", NULLS, "current-context: x # y\n", "clusters:\n", "users: []"])
def test_what_is_empty_is_filled(text):
    edited, kept = set_up(text)
    assert kept and yaml.safe_load(edited)["users"] == [ENTRY["users"]]
    assert ("#" in text) == has_comments(edited) or "# y" in text
    gone, kept = edit_kubeconfig(edited, remove_entry(yaml.safe_load(edited), REGION, "my-cluster"))
    assert kept and yaml.safe_load(gone)["users"] == []


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(merge_entry({}, ENTRY)),
        "{apiVersion: v1, clusters: [{name: other}]}",
        "x: &a [1]\nclusters: [{name: other}]\ny: *a\n",
    ],
)
def test_other_styles_are_written_with_the_right_values(text):
    other = build_entry({**CLUSTER, "arn": f"{ARN}-2"}, build_credential("my-cluster", REGION, "python3", None))
    wanted = merge_entry(yaml.safe_load(text), other)
    assert yaml.safe_load(edit_kubeconfig(text, wanted)[0]) == wanted


def test_every_mixture_of_rows_and_comments_is_edited_to_the_right_values():
    for mask in range(64):
        rows = [
            f"# before {name}\n- name: {name}\n  cluster:\n    server: {name}\n{'# inside' if mask & bit else ''}\n"
            for name, bit in zip(("a", ARN, "c"), (1, 2, 4), strict=True)
            if mask & (bit << 3)
        ]
        text = "clusters:\n" + "".join(rows) + "users: []\n# tail\n"
        for after in (
            merge_entry(yaml.safe_load(text), ENTRY),
            remove_entry(yaml.safe_load(text), REGION, "my-cluster"),
        ):
            edited, kept = edit_kubeconfig(text, after)
            assert yaml.safe_load(edited) == after and kept and "# tail" in edited


# diff


def test_a_diff_shows_what_changes_and_no_secret():
    theirs = yaml.safe_load(COMMENTED)
    theirs["users"].append({"name": ARN, "user": {"token": "secret", "auth-provider": {"config": {"x": "secret"}}}})
    theirs["users"].append({"name": "third", "user": {"password": "secret"}})
    before, after = build_diff(theirs, merge_entry(theirs, ENTRY))
    assert "secret" not in dump([before, after]) and "third" not in dump([before, after])
    assert before["users"] == [{"name": ARN, "user": {"token": HIDDEN, "auth-provider": HIDDEN}}]
    assert after["users"] == [ENTRY["users"]] and "current-context" not in after


def test_a_diff_hides_the_secrets_of_another_exec_credential():
    credential = {
        "command": "oidc",
        "args": ["--client-secret=secret-1", "--client-secret", "hidden-2", "--name", "shown"],
        "env": [{"name": "API_TOKEN", "value": "hidden-3"}, {"name": "AWS_PROFILE", "value": "prod"}],
    }
    theirs = {"users": [{"name": ARN, "user": {"exec": credential}}]}
    shown = build_diff(theirs, merge_entry(theirs, ENTRY))[0]["users"][0]["user"]["exec"]
    assert shown["args"] == [HIDDEN, HIDDEN, HIDDEN, "--name", "shown"]
    assert [row["value"] for row in shown["env"]] == [HIDDEN, "prod"]


# the file


def test_a_file_is_replaced_in_one_step_and_only_its_owner_reads_it(tmp_path):
    path = tmp_path / "config"
    path.write_text("old")
    path.chmod(0o644)
    write_text(str(path), "new")
    assert path.read_text() == "new" and path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["config"]
    with pytest.raises(EksError, match="cannot be written: Is a directory"):
        write_text(str(tmp_path), "new")
    assert os.listdir(tmp_path) == ["config"]


def test_writers_wait_for_each_other(tmp_path):
    path = tmp_path / "deep" / "config"

    def add(number):
        with lock_file(str(path)):
            text = path.read_text() if path.exists() else ""
            write_text(str(path), f"{text}{number}\n")

    threads = [threading.Thread(target=add, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(int, path.read_text().split())) == list(range(12)) and os.listdir(path.parent) == ["config"]


def test_a_lock_that_is_left_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(locked_file, "LOCK_TIMEOUT", 0.1)
    (tmp_path / "config.lock").touch()
    with pytest.raises(EksError, match="config.lock exists for more than"):
        with lock_file(str(tmp_path / "config")):
            pass
    assert (tmp_path / "config.lock").exists()


# what aws eks update-kubeconfig has as options


def build_aliased(**settings):
    return build_entry(CLUSTER, build_credential("my-cluster", REGION, "python3", None), EntrySettings(**settings))


def test_context_and_user_have_aliases_and_go_with_the_cluster():
    entry = build_aliased(context="prod", user="deploy", namespace="web", proxy_url="http://proxy:3128")
    other = {"name": "mine", "context": {"cluster": "kind", "user": "me"}}
    config = {"contexts": [other], "users": [{"name": "me", "user": {"token": "secret"}}], "current-context": "mine"}
    merged = merge_entry(config, entry)
    assert merged["current-context"] == "mine"  # as long as nobody asks for another one
    assert merge_entry(config, entry, make_current=True)["current-context"] == "prod"
    assert merge_entry({}, entry, make_current=False).get("current-context") is None
    assert merged["contexts"][1] == {"name": "prod", "context": {"cluster": ARN, "user": "deploy", "namespace": "web"}}
    assert merged["clusters"][0]["cluster"]["proxy-url"] == "http://proxy:3128"
    assert [row["name"] for row in merged["users"]] == ["me", "deploy"]
    both = merge_entry(merge_entry(merged, ENTRY), entry, make_current=True)
    gone = remove_entry(both, REGION, "my-cluster")
    assert (gone["contexts"], gone["users"], gone["clusters"]) == ([other], config["users"], [])
    assert gone["current-context"] == ""


def test_a_user_that_another_context_has_stays():
    merged = merge_entry({}, build_aliased(user="deploy"))
    merged["contexts"].append({"name": "elsewhere", "context": {"cluster": "kind", "user": "deploy"}})
    gone = remove_entry(merged, REGION, "my-cluster")
    assert [row["name"] for row in gone["users"]] == ["deploy"]
    assert [row["name"] for row in gone["contexts"]] == ["elsewhere"]


def test_settings_that_are_omitted_stay_and_empty_ones_go():
    first = merge_entry(
        {}, build_aliased(namespace="web", proxy_url="socks5://proxy:1080", endpoint="https://tunnel:8443")
    )
    kept = merge_entry(first, ENTRY)
    assert kept["contexts"][0]["context"]["namespace"] == "web"
    assert kept["clusters"][0]["cluster"]["proxy-url"] == "socks5://proxy:1080"
    assert kept["clusters"][0]["cluster"]["server"] == CLUSTER["endpoint"]
    cleared = merge_entry(kept, build_aliased(namespace="", proxy_url=""))
    assert cleared == merge_entry({}, ENTRY) == merge_entry(cleared, build_aliased(namespace="", proxy_url=""))


def test_names_of_others_are_not_taken():
    config = {
        "contexts": [{"name": "prod", "context": {"cluster": "kind", "user": "me"}}],
        "users": [{"name": "me", "user": {"client-certificate": "me.pem"}}],
    }
    problems = list(find_taken_names(config, build_aliased(context="prod", user="me"), "my-cluster"))
    assert [text.partition(":")[0] for text in problems] == ["alias", "user_alias"]
    assert "context prod exists, and is of cluster kind" in problems[0]
    own = merge_entry({}, build_aliased(context="prod", user="me"))
    assert list(find_taken_names(own, build_aliased(context="prod", user="me"), "my-cluster")) == []


def test_credentials_with_a_role_and_of_the_aws_command():
    role = "arn:aws:iam::123456789012:role/deploy"
    ours = build_credential("my-cluster", REGION, "python3", None, {"AWS_PROFILE": "p"}, role, "x")
    assert ours["args"][-4:] == ["--role-arn", role, "--external-id", "x"]
    theirs = build_cli_credential("my-cluster", REGION, {"AWS_PROFILE": "p"}, role)
    assert (theirs["command"], theirs["env"]) == ("aws", [{"name": "AWS_PROFILE", "value": "p"}])
    assert theirs["args"][:6] == ["--region", REGION, "eks", "get-token", "--cluster-name", "my-cluster"]
    assert theirs["args"][-2:] == ["--role", role]


def test_a_password_in_a_proxy_of_others_is_not_shown():
    theirs = merge_entry({}, ENTRY)
    theirs["clusters"][0]["cluster"]["proxy-url"] = "http://me:hunter2@proxy:3128"
    before, after = build_diff(theirs, remove_entry(theirs, REGION, "my-cluster"))
    assert "hunter2" not in json.dumps([before, after]) and "http://me:VALUE_HIDDEN@proxy:3128" in json.dumps(before)
