# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take-overs of add-ons, as options of their module."""

from __future__ import annotations

from support.bad_inputs.row import module

takeover = module("eks_addon_takeover", cluster_name="there")

ROWS = [
    takeover(
        "an add-on that runs nowhere without EKS",
        "addons",
        "metrics-server",
        "vpc-cni, kube-proxy, coredns, aws-ebs-csi-driver",
        addons=["metrics-server"],
    ),
    takeover(
        "a version of an add-on that cannot be taken over",
        "versions",
        "'metrics-server'",
        "Use vpc-cni, kube-proxy",
        versions={"metrics-server": "default"},
    ),
]
