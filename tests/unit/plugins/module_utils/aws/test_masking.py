# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that fails while its options are read masks its secrets all the same."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common.parameters import remove_values
from support.module_args import patch_module_args

from ansible_collections.kumo.eks.plugins.module_utils.aws import module as aws_module
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule
from ansible_collections.kumo.eks.plugins.module_utils.core import progress

SPEC = {
    "rows": {
        "type": "list",
        "elements": "dict",
        "options": {"name": {"type": "str"}, "password": {"type": "str", "no_log": True}},
        "no_log": True,
    },
    "count": {"type": "int"},
}


@pytest.fixture
def shown(monkeypatch) -> list[str]:
    """What failed modules show."""
    texts = []

    def fail(module, msg, **result):
        own = {"msg": msg, **result, "invocation": module.params}
        texts.append(json.dumps(remove_values(own, module.no_log_values)))
        raise SystemExit

    monkeypatch.setattr(basic.AnsibleModule, "fail_json", fail)
    return texts


@pytest.mark.parametrize("rows", [["in-an-item"], [{"name": "shown", "password": "in-an-item"}, "in-another"]])
def test_an_item_that_is_no_mapping_shows_no_secret(shown, rows):
    args = {"rows": rows, "secret_key": "the-secret-key", "session_token": "the-session-token", "access_key": "a-key"}
    with patch_module_args(args), pytest.raises(SystemExit):
        AnsibleAWSModule(argument_spec=SPEC)
    assert "a-key" in shown[0]
    for text in ("the-secret-key", "the-session-token", "in-an-item", "in-another"):
        assert text not in shown[0]


def test_items_that_were_read_mask_their_own_secrets_alone(shown):
    with patch_module_args({"rows": [{"name": "a-name", "password": "hidden-word"}], "count": 2}):
        module = AnsibleAWSModule(argument_spec=SPEC)
    module.no_log_values.clear()  # as Helm's modules do, which add what is a secret
    module.no_log_values.add("hidden-word")
    with pytest.raises(SystemExit):
        module.fail_json(msg="a-name and hidden-word")
    assert "a-name and" in shown[0] and "hidden-word" not in shown[0]


NODES = {"nodegroups": {"type": "list", "elements": "raw"}, "template": {"type": "dict"}}
SCRIPT = "#!/bin/bash\nagent --key 'one' --name \"x\"\n"


@pytest.mark.parametrize(
    "args",
    [
        {"template": {"user_data": SCRIPT}},
        {"nodegroups": [{"name": "general", "template": {"user_data": SCRIPT, "key_name": "my-key"}}]},
    ],
)
def test_user_data_is_neither_logged_nor_returned(shown, monkeypatch, args):
    logged = []
    monkeypatch.setattr(basic.AnsibleModule, "_log_to_syslog", lambda self, msg: logged.append(msg))
    monkeypatch.setattr(basic, "has_journal", False)
    with patch_module_args(args):
        module = AnsibleAWSModule(argument_spec=NODES)
    with pytest.raises(SystemExit):
        module.fail_json(msg="failed")
    assert "Invoked with" in logged[0]
    assert "agent" not in logged[0] + shown[0] and "failed" in shown[0]


def test_a_result_says_what_was_waited_for(monkeypatch):
    ended, mine = [], progress.Progress()
    monkeypatch.setattr(aws_module, "PROGRESS", mine)
    monkeypatch.setattr(basic.AnsibleModule, "exit_json", lambda module, **result: ended.append(result))
    with patch_module_args({}):
        module = AnsibleAWSModule(argument_spec=NODES)
    wait = {"resource": "cluster c", "reason": "EKS refused its IAM role", "seconds": 1.0}
    mine.add(wait)
    module.exit_json(changed=True)
    module.exit_json(changed=False)
    assert ended == [{"changed": True, "waits": [wait]}, {"changed": False}]
