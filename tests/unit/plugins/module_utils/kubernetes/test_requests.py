# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests of pods are summed as the scheduler does it."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.requests import sum_requests


def need(cpu, kind="requests", **fields):
    return {"resources": {kind: {"cpu": cpu}}, **fields}


SIDECAR = need("50m", restartPolicy="Always")
APP = [need("100m")]


@pytest.mark.parametrize(
    ("pod", "cpu"),
    [
        ({"containers": [{}]}, 0),
        ({"containers": [*APP, need("200m", "limits")]}, 0.3),
        ({"containers": APP, "initContainers": [SIDECAR]}, 0.15),
        ({"containers": APP, "initContainers": [SIDECAR, need("2")]}, 2.05),
        ({"containers": APP, "initContainers": [need("2"), SIDECAR]}, 2),
        ({"containers": APP, "initContainers": [need("2")], **need("1")}, 1),
        ({"containers": APP, "overhead": {"cpu": "250m"}}, 0.35),
    ],
)
def test_requests_are_those_of_the_scheduler(pod, cpu):
    assert sum_requests(pod, "cpu") == pytest.approx(cpu)


def test_memory_is_in_bytes():
    pod = {"containers": [{"resources": {"requests": {"memory": "1Gi"}}}]}
    assert sum_requests(pod, "memory") == 2**30
