# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes versions: how they are read, and which may follow which."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import check_step, parse_minor


@pytest.mark.parametrize(("version", "minor"), [("1.29", 29), ("1.30", 30), ("1.100", 100)])
def test_the_minor_number_is_read_as_a_number(version, minor):
    assert parse_minor(version) == minor


@pytest.mark.parametrize("version", ["", "1", "2.30", "v1.30", "1.30.1", "latest", "1.30 "])
def test_anything_else_is_refused_with_its_value(version):
    with pytest.raises(ValidationError) as caught:
        parse_minor(version)
    assert repr(version) in caught.value.message and "quotes" not in caught.value.message


def test_an_unquoted_version_is_refused_with_the_remedy():
    with pytest.raises(ValidationError, match="kubernetes_version: '1.3' .*in quotes"):
        parse_minor("1.3", "kubernetes_version")


@pytest.mark.parametrize("wanted", ["1.29", "1.30"])
def test_the_same_and_the_next_version_may_follow(wanted):
    check_step("1.29", wanted, "cluster c")


def test_a_skip_is_refused_and_names_the_next_step():
    with pytest.raises(ValidationError, match=r'cluster c has version 1\.29.*Set version "1\.30" first'):
        check_step("1.29", "1.31", "cluster c")


def test_a_downgrade_is_refused_also_where_text_would_sort_otherwise():
    with pytest.raises(ValidationError, match="cannot be set to the older version 1.99"):
        check_step("1.100", "1.99", "cluster c")
