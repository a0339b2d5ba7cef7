# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Kubernetes client against a server of this test: what it sends, tries again, says, and leaves behind."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes import api as kubernetes_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi, KubernetesError


class Server(BaseHTTPRequestHandler):
    answers: list[tuple[int, dict]] = []
    asked: list[tuple[str, str, str, str]] = []

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.asked.append((self.command, self.path, self.headers["Authorization"], body))
        status, said = self.answers.pop(0)
        data = json.dumps(said).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_DELETE = answer

    def log_message(self, *arguments):
        """Quiet."""


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(kubernetes_api, "PAUSES", (0.0, 0.0, 0.0))
    Server.answers, Server.asked = [], []
    running = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield running
    running.shutdown()
    running.server_close()


@pytest.fixture
def api(server):
    tokens = iter(f"secret-{number}" for number in range(99))
    return KubernetesApi(f"http://127.0.0.1:{server.server_port}", None, lambda: next(tokens))


def test_each_call_has_a_fresh_token(api):
    Server.answers = [(200, {"metadata": {"name": "n"}}), (404, {"message": "none"})]
    assert api.namespace("n")["metadata"]["name"] == "n" and api.namespace("n") is None
    assert [row[2] for row in Server.asked] == ["Bearer secret-0", "Bearer secret-1"]


def test_reading_is_tried_again_and_changing_only_when_told_to(api):
    Server.answers = [(503, {}), (200, {"metadata": {}})]
    assert api.namespace("n") == {"metadata": {}}
    Server.answers = [(503, {"message": "later"})]
    with pytest.raises(KubernetesError, match="503 later"):
        api.create_namespace("n", {})
    Server.answers = [(429, {}), (201, {"metadata": {"name": "n"}})]
    assert api.create_namespace("n", {"a": "b"})["metadata"]["name"] == "n"
    assert json.loads(Server.asked[-1][3]) == {"metadata": {"name": "n", "labels": {"a": "b"}}}


@pytest.mark.parametrize(("status", "words"), [(401, "no access entry"), (403, "no policy that allows this")])
def test_a_refusal_is_explained_without_the_token(api, status, words):
    Server.answers = [(status, {"message": "no"})]
    with pytest.raises(KubernetesError, match=words) as caught:
        api.service_account("n", "a")
    assert "secret" not in caught.value.message and caught.value.status == status


def test_the_token_follows_no_redirect(api):
    Server.answers = [(302, {"message": "there"})]
    with pytest.raises(KubernetesError, match="302"):
        api.service_account("n", "a")
    assert len(Server.asked) == 1


def test_a_server_that_does_not_answer(api, server):
    server.shutdown()
    server.server_close()
    with pytest.raises(KubernetesError, match="does not answer") as caught:
        api.pods("n")
    assert caught.value.status == 0 and "secret" not in caught.value.message


def test_pods_come_page_by_page(api):
    Server.answers = [
        (200, {"items": [1], "metadata": {"continue": "a b"}}),
        (200, {"items": [2], "metadata": {}}),
    ]
    assert api.pods("n") == [1, 2]
    assert Server.asked[1][1] == "/api/v1/namespaces/n/pods?limit=500&continue=a+b"


def test_names_do_not_leave_their_place_in_the_path(api):
    Server.answers = [(404, {})]
    assert api.service_account("n", "../secrets") is None
    assert Server.asked[0][1] == "/api/v1/namespaces/n/serviceaccounts/..%2Fsecrets"
