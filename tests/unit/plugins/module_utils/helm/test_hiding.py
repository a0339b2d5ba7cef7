# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of releases are neither logged nor returned, and do not mask more than secrets."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common.parameters import remove_values
from support.module_args import patch_module_args

from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule
from ansible_collections.kumo.eks.plugins.module_utils.helm.hiding import (
    HIDDEN,
    find_counterparts,
    hide_secrets,
    mask_values_files,
    take_params,
)
from ansible_collections.kumo.eks.plugins.modules.eks_helm import build_argument_spec

SECRETS = ("hunter2", "s3cret-token", "set-secret", "string-secret", "pass-of", "env-secret", "unmarked")
RELEASE = {
    "values": {
        "replicas": 2,
        "image": "example.com/app",
        "database": {"password": "hunter2", "existingSecret": "name-of-a-secret"},
        "env": [{"name": "DB_PASSWORD", "value": "env-secret"}, {"name": "LEVEL", "value": "chatty"}],
    },
    "secret_values": {"anything": {"below": ["unmarked", 4711]}},
    "set_values": ["service.type=LoadBalancer", "auth.token=s3cret-token,auth.secret=set-secret"],
    "set_strings": [r"a\.b.apiKey=string-secret"],
    "password": "pass-of\\registry",
    "username": "reader",
}


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the module writes into the host's log."""
    lines: list[str] = []
    monkeypatch.setattr(basic.AnsibleModule, "log", lambda self, msg, log_args=None: lines.append(f"{msg} {log_args}"))
    return lines


def build_module(args: dict[str, Any]) -> AnsibleAWSModule:
    with patch_module_args({"cluster_name": "my-cluster", "region": "ap-northeast-1", **args}):
        return AnsibleAWSModule(argument_spec=build_argument_spec(), supports_check_mode=True)


@pytest.mark.parametrize("is_list", [False, True])
def test_nothing_of_the_values_is_logged_or_in_the_invocation(logged, is_list):
    single = {"name": "web", **RELEASE}
    module = build_module({"releases": [single]} if is_list else single)
    assert "Invoked with" in logged[0] and "my-cluster" in logged[0]
    params = take_params(module)
    row = params["releases"][0] if is_list else params
    assert {key: row[key] for key in RELEASE} == RELEASE
    shown = json.dumps(remove_values(module.params, module.no_log_values))
    for text in (*SECRETS, "4711"):
        assert text not in "".join(logged) and text not in shown
    assert HIDDEN in shown and "LoadBalancer" not in shown and "chatty" not in shown


@pytest.mark.parametrize(
    "alias",
    [("release_values", {"a": "visible-text"}), ("set", ["a=visible-text"]), ("set_string", ["a=visible-text"])],
)
def test_aliases_are_hidden_too(logged, alias):
    module = build_module({"name": "web", alias[0]: alias[1]})
    take_params(module)
    assert "visible-text" not in "".join(logged) + json.dumps(remove_values(module.params, module.no_log_values))


def test_results_mask_secrets_and_nothing_else(logged):
    module = build_module({"name": "web", **RELEASE})
    take_params(module)
    diff = "replicas: 2\nimage: example.com/app\ntype: LoadBalancer\nlevel: chatty\nname-of-a-secret\n"
    assert remove_values({"diff": diff}, module.no_log_values) == {"diff": diff}
    for text in (*SECRETS[:4], RELEASE["password"], *SECRETS[5:]):
        assert text not in remove_values({"diff": f"a: {text}"}, module.no_log_values)["diff"]


def test_a_secret_is_masked_in_each_of_its_spellings(logged):
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\n-----END KEY-----\n"
    module = build_module({"name": "web", "secret_values": {"key": key, "word": 'say "x"'}})
    take_params(module)
    indented = key.replace("\n", "\n    ")
    word, encoded = json.dumps('say "x"'), base64.b64encode(key.encode()).decode()
    diff = f"key: |\n    {indented}\nword: {word}\nof: {encoded}"
    masked = remove_values({"diff": diff}, module.no_log_values)["diff"]
    assert not [text for text in ("MIIEvQ", "say", "LS0tLS1") if text in masked]


def test_what_a_release_had_where_the_task_has_secrets_is_masked():
    stored = {"a": {"b": "old", "c": "shown"}, "list": ["one", {"x": 2}], "gone": 1}
    secret_values = {"a": {"b": "new"}, "list": ["two"], "more": {"d": "e"}}
    assert sorted(find_counterparts(stored, secret_values)) == ["2", "old", "one"]
    assert list(find_counterparts(stored, None)) == []


def test_secrets_of_files_are_masked_also_where_a_file_cannot_be_read(logged, tmp_path):
    module = build_module({"name": "web"})
    texts = {
        "good.yaml": 'db: {password: "0123 of good"}\nplain: shown',
        "bad.yaml": "db:\n  - apiKey: 'of bad'\n a: [",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    paths = [str(tmp_path / name) for name in (*texts, "none.yaml")]
    mask_values_files(module, [{"values_files": paths}, {"values_files": None}])
    masked = remove_values({"diff": "a: 0123 of good, of bad, shown"}, module.no_log_values)["diff"]
    assert "good" not in masked and "bad" not in masked and "shown" in masked


@pytest.mark.parametrize(("word", "meant"), [("p%40ss", "p@ss"), ("open-sesame", "open-sesame")])
def test_a_password_in_a_url_is_masked(logged, word, meant):
    module = build_module({"name": "web", "chart": "x", "repository": f"https://me:{word}@host/charts"})
    take_params(module)
    assert {word, meant} <= set(module.no_log_values)
    assert word not in json.dumps(remove_values(module.params, module.no_log_values))


def test_texts_lose_the_secrets_of_values():
    text = f"a: open-sesame\nb: {base64.b64encode(b'open-sesame').decode()}\nc: shown"
    assert hide_secrets(text, {"db": {"password": "open-sesame"}, "c": "shown"}) == "a: (hidden)\nb: (hidden)\nc: shown"
