# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of upgrades in waves, of maintenance windows, and of updates of add-ons."""

from __future__ import annotations

from support.bad_inputs.row import module

waves = module("eks_upgrade_waves", waves=["staging"], hosts=[])
health = module("eks_health_info", cluster_name="there")
updates = module("eks_addon_update", cluster_name="there")
window = {"start": "02:00", "duration": "4h"}

ROWS = [
    waves("no wave", "waves", "empty", "Name at least one pattern", waves=[]),
    waves("a wave without hosts", "waves[0].hosts", "required", "eks_tag_Environment_staging", waves=[{"name": "one"}]),
    waves(
        "a mistyped option",
        "waves[0].host",
        "unknown option",
        "Did you mean hosts?",
        waves=[{"host": "staging", "hosts": "staging"}],
    ),
    waves("a number for a wave", "waves[0]", "5", "Use a pattern of hosts", waves=[5]),
    waves("a soak time of words", "soak", "'soon'", "30m, 2h or 1d", soak="soon"),
    waves("a soak time of a wave", "waves[0].soak", "'9d'", "up to 7 days", waves=[{"hosts": "a", "soak": "9d"}]),
    waves("a batch of nothing", "batch", "'none'", "a percentage", batch="none"),
    health("an unknown check", "checks", "disks", "nodes", checks=["disks"]),
    health("fewer pods than none", "unready_pods", "-1", "0", unready_pods=-1),
    health("a version without quotes", "kubernetes_version", "'1.3'", "in quotes", kubernetes_version=1.3),
    updates("an older version for all", "version", "oldest", "default, most_recent", version="oldest"),
    updates(
        "a gate of upgrades",
        "overrides[0].gate",
        "vcpu_quota",
        "addons_active",
        overrides=[{"gate": "vcpu_quota", "reason": "seen"}],
    ),
    updates("a time without quotes", "windows[0].start", "'1320'", "in quotes", windows=[{**window, "start": 1320}]),
    updates("a duration of words", "windows[0].duration", "'long'", "1h30m", windows=[{**window, "duration": "long"}]),
    updates(
        "a time zone that does not exist",
        "windows[0].timezone",
        "'Asia/Tokio'",
        "Did you mean Asia/Tokyo?",
        windows=[{**window, "timezone": "Asia/Tokio"}],
    ),
    updates("a day in full", "days", "Sunday", "Sun", windows=[{**window, "days": ["Sunday"]}]),
    updates("a date of words", "windows[0].exclude", "'xmas'", "2026-12-24", windows=[{**window, "exclude": ["xmas"]}]),
    updates(
        "a kind of step that does not exist", "expected_minutes", "'nodes'", "nodegroup", expected_minutes={"nodes": 5}
    ),
]
