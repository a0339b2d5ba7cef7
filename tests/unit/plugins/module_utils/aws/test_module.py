# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A name that no cluster can have is refused by every module that has the option."""

from __future__ import annotations

import pytest
from ansible.module_utils import basic
from support.module_args import patch_module_args

from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule

SPEC = {"cluster_name": {"type": "str"}}


@pytest.fixture
def failed(monkeypatch) -> list[dict]:
    """The results of failed modules."""
    results = []

    def fail(module, msg, **result):
        results.append({"msg": msg, **result})
        raise SystemExit

    monkeypatch.setattr(basic.AnsibleModule, "fail_json", fail)
    return results


@pytest.mark.parametrize("name", ["", " ", "a b", "-a", "a/b", "クラスター", "a" * 101])
def test_a_wrong_name_is_refused_before_anything_is_sent(failed, name):
    with patch_module_args({"cluster_name": name}), pytest.raises(SystemExit):
        AnsibleAWSModule(argument_spec=SPEC)
    assert failed[0]["msg"].startswith(f"cluster_name: {name!r} is not a valid cluster name.")
    assert failed[0]["error_kind"] == "invalid-option"


@pytest.mark.parametrize(
    "args", [{}, {"cluster_name": "a"}, {"cluster_name": "My_cluster-1"}, {"cluster_name": "9" * 100}]
)
def test_a_right_one_and_none_are_taken(failed, args):
    with patch_module_args(args):
        assert AnsibleAWSModule(argument_spec=SPEC).params["cluster_name"] == args.get("cluster_name")
    assert failed == []
