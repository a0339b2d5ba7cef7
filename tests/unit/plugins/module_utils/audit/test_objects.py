# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Quantities and owners as Kubernetes writes them."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.audit.objects import (
    name_owner,
    parse_moment,
)
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.quantities import parse_quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("250m", 0.25),
        ("2", 2),
        (3, 3),
        ("15842120Ki", 15842120 * 1024),
        ("1.5Gi", 1.5 * 1024**3),
        ("128974848", 128974848),
        ("129e6", 129e6),
        ("129M", 129e6),
        ("12E", 12e18),
        ("3800000000n", 3.8),
        ("5k", 5000),
    ],
)
def test_a_quantity_is_a_number(text, value):
    assert parse_quantity(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "1 Gi", "Gi", "1K", "1Kib", "none"])
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match="not a quantity"):
        parse_quantity(text)


def build_pod(owner=None, labels=None):
    owners = [{"controller": True, "kind": owner[0], "name": owner[1]}] if owner else []
    return {"metadata": {"name": "web-5d-x", "namespace": "shop", "labels": labels or {}, "ownerReferences": owners}}


@pytest.mark.parametrize(
    ("pod", "owner"),
    [
        (build_pod(("ReplicaSet", "web-5d"), {"pod-template-hash": "5d"}), "Deployment shop/web"),
        (build_pod(("ReplicaSet", "web-5d")), "ReplicaSet shop/web-5d"),
        (build_pod(("StatefulSet", "db")), "StatefulSet shop/db"),
        (build_pod(), "Pod shop/web-5d-x"),
    ],
)
def test_a_pod_is_named_by_its_owner(pod, owner):
    assert name_owner(pod) == owner


def test_a_time_is_posix_time():
    assert parse_moment("2026-09-01T00:00:00Z") == 1788220800
    assert parse_moment(None) is None
