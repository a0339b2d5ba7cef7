# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that run on the controller are not packed, and a task cannot tell the difference."""

from __future__ import annotations

import json
import re
import sys

import pytest

PYTHON = "{{ ansible_playbook_python }}"
BOOK = """
- name: Modules
  hosts: localhost
  connection: local
  gather_facts: false
  vars: {{ansible_python_interpreter: "{python}"}}
  environment: {{AWS_REGION: eu-north-1}}
  tasks:
    - name: Create
      kumo.eks.eks_iam_role:
        cluster_name: my-cluster
        purpose: cluster
      register: made
      {keyword}
    - name: Look
      kumo.eks.eks_cluster_info:
      register: seen
    - name: Refused
      kumo.eks.eks_cluster:
        name: my-cluster
        state: present
        nothing: of this
      register: refused
      ignore_errors: true
    - name: Show
      ansible.builtin.debug:
        msg: "RESULTS{{{{ [made, seen, refused] | to_json }}}}END"
"""


@pytest.fixture
def results(play, tmp_path):
    """results(python, keyword, *options) -> (what the tasks registered, whether a module was packed)."""

    def run(python: str = PYTHON, keyword: str = "", *options: str):
        book = tmp_path / "modules.yml"
        book.write_text(BOOK.format(python=python, keyword=keyword))
        output = play(str(book), "-vvv", *options).assert_ok().output
        text = re.search(r"RESULTS(.*?)END", output, re.DOTALL)[1]
        return json.loads(json.loads(f'"{text}"')), "AnsiballZ_" in output

    return run


def same(rows):
    return [{key: value for key, value in row.items() if key not in ("invocation",)} for row in rows]


@pytest.mark.extended
def test_results_are_those_of_a_packed_module(results, tmp_path):
    other = tmp_path / "python"
    other.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    other.chmod(0o755)
    (planned, *_rest), packed = results(PYTHON, "", "--check", "--diff")
    (planned_by_other, *_rest), packed_by_other = results(str(other), "", "--check", "--diff")
    assert (packed, packed_by_other) == (False, True)
    assert planned["changed"] and planned["diff"] == planned_by_other["diff"]
    made, seen, refused = results()[0]
    assert made["changed"] and "eu-north-1" in made["iam_role_name"]  # by the play's environment
    assert refused["failed"] and "Unsupported parameters" in refused["msg"]
    here, by_other = results()[0], results(str(other))[0]
    assert same(here) == same(by_other)


@pytest.mark.extended
@pytest.mark.parametrize("keyword", ["async: 60", "delegate_to: 127.0.0.1"])
def test_what_needs_a_packed_module_gets_one(results, monkeypatch, tmp_path, keyword):
    monkeypatch.setenv("ANSIBLE_ASYNC_DIR", str(tmp_path / "async"))
    (made, *_rest), packed = results(PYTHON, keyword)
    assert made["changed"] and packed


def test_a_module_is_found_by_its_short_name(play, tmp_path):
    book = tmp_path / "short.yml"
    text = BOOK.format(python=PYTHON, keyword="").replace("kumo.eks.", "")
    book.write_text(text.replace("  tasks:", "  collections: [kumo.eks]\n  tasks:"))
    assert "AnsiballZ_" not in play(str(book), "-vvv").assert_ok().output


def test_files_of_the_current_folder_are_not_taken_for_pythons(results, tmp_path):
    for name in ("json", "boto3", "ansible"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('not this one')\n")
    assert results()[0][0]["changed"]


def test_a_kept_file_is_the_packed_module(results, monkeypatch):
    monkeypatch.setenv("ANSIBLE_KEEP_REMOTE_FILES", "1")
    assert results()[1]
