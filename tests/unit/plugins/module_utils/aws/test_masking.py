# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that fails while its options are read masks its secrets all the same."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common.parameters import remove_values
from support.module_args import patch_module_args

from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule

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
