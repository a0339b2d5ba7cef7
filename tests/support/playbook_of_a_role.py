# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A role alone, as a user without site.yml runs it."""

from __future__ import annotations

from pathlib import Path


def write_role(folder: Path, role: str) -> str:
    """A playbook with one role."""
    book = folder / f"{role}.yml"
    python = '{ansible_python_interpreter: "{{ ansible_playbook_python }}"}'
    book.write_text(
        "---\n- name: One role\n  hosts: localhost\n  connection: local\n  gather_facts: false\n"
        f"  vars: {python}\n  roles: [kumo.eks.{role}]\n"
    )
    return str(book)
