# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which texts are secrets in what users write freely."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.secrets import (
    find_node_secrets,
    find_secrets,
    is_secret_key,
    list_whole_spellings,
)


@pytest.mark.parametrize(
    "key",
    ["password", "dbPassword", "DB_PASSWORD", "api-key", "apiKey", "token", "clientSecret", "AWS_SECRET_ACCESS_KEY"],
)
def test_keys_of_secrets(key):
    assert is_secret_key(key)


@pytest.mark.parametrize(
    "key",
    [
        "existingSecret",
        "secretName",
        "imagePullSecrets",
        "passwordKey",
        "tokenTTL",
        "automountServiceAccountToken",
        "name",
    ],
)
def test_other_keys(key):
    assert not is_secret_key(key)


def test_mappings_of_secrets_are_secrets_and_settings_of_one_are_not():
    values = {"secrets": {"a": "one"}, "secret": {"create": True, "name": "web", "password": "two"}, "token": ""}
    assert sorted(find_secrets(values)) == ["one", "two"]


def test_user_data_and_secrets_in_settings_of_nodes_are_found():
    registry = {"credentials": [{"registry": "r.example.com", "password": "two"}]}
    settings = {"container-registry": registry, "host-containers": {"admin": {"user-data": "three", "enabled": True}}}
    config = {"spec": {"kubelet": {"config": {"maxPods": 110, "apiKey": "four"}}}}
    params = {
        "name": "general",
        "template": {"user_data": "one", "key_name": "my-key"},
        "nodegroups": [{"template": {"bottlerocket_settings": settings, "volumes": [{"size": 50}]}}, "text", None],
        "defaults": {"template": {"node_config": config}},
        "token": "of somebody else",
    }
    assert set(find_node_secrets(params)) == {"one", "r.example.com", "two", "three", "four"}


def test_a_text_is_spelled_as_logs_write_it():
    assert list_whole_spellings('a\n"b"') == {'a\n"b"', 'a\\n"b"', 'a\\n\\"b\\"'}
