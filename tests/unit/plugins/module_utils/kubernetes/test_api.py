# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Kubernetes client against a server of this test: what it sends, tries again, says, and leaves behind."""

from __future__ import annotations

import base64
import json
import logging
import subprocess
import sys
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from urllib.parse import unquote_plus

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes import api as kubernetes_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes import retries, watching
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import (
    STRATEGIC_PATCH,
    KubernetesError,
    connect_api,
    find_proxy,
)
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.connection import Connection
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.discovery import KindFinder
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import NAMESPACE, NODE, POD, SERVICE_ACCOUNT
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.watching import Watch


class Server(BaseHTTPRequestHandler):
    """Gives the answers of the test: (status, body) or (status, body, headers), a list of bodies as lines of a watch."""

    answers: list[tuple] = []
    asked: list[dict] = []

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.asked.append(
            {
                "method": self.command,
                "path": self.path,
                "token": self.headers["Authorization"],
                "type": self.headers["Content-Type"],
                "accept": self.headers["Accept"],
                "agent": self.headers["User-Agent"],
                "body": body,
            }
        )
        status, said, *headers = self.answers.pop(0)
        lines = [json.dumps(row) + "\n" for row in said] if isinstance(said, list) else [json.dumps(said)]
        data = "".join(lines).encode()
        self.send_response_only(status)
        for name, value in {"Content-Length": str(len(data)), **(headers[0] if headers else {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_DELETE = answer

    def log_message(self, *arguments):
        """Quiet."""


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(retries, "BACKOFF", 0.0)
    monkeypatch.setattr(watching, "PAUSE", 0.0)
    Server.answers, Server.asked = [], []
    running = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
    yield running
    running.shutdown()
    running.server_close()


@pytest.fixture
def minted():
    return []


@pytest.fixture
def api(server, minted, monkeypatch):
    # http has no certificates; the CA is for the tests with a real API server
    monkeypatch.setattr(Connection, "ca_pem", property(lambda self: None))

    def mint():
        minted.append(f"secret-{len(minted)}")
        return minted[-1]

    with connect_api(
        Connection(f"http://127.0.0.1:{server.server_port}", base64.b64encode(b"ca").decode()), mint
    ) as api:
        yield api


def page(*names, more=""):
    rows = [row(name) for name in names]
    return 200, {"items": rows, "metadata": {"continue": more, "resourceVersion": "5"}}


def row(name, version="1"):
    return {"metadata": {"name": name, "uid": f"uid-{name}", "resourceVersion": version}}


def refusal(status, message="no", **more):
    return status, {"kind": "Status", "message": message, **more}


# tokens


def test_a_token_is_signed_once_for_many_calls_and_again_when_it_is_old(api, minted, monkeypatch):
    Server.answers = [(200, row("n")), refusal(404)]
    assert api.get(NAMESPACE, "n")["metadata"]["name"] == "n" and api.get(NAMESPACE, "n") is None
    assert [call["token"] for call in Server.asked] == ["Bearer secret-0"] * 2
    monkeypatch.setattr(api._tokens, "_good_until", 0.0)
    Server.answers = [(200, row("n"))]
    api.get(NAMESPACE, "n")
    assert Server.asked[-1]["token"] == "Bearer secret-1" and len(minted) == 2
    assert Server.asked[-1]["agent"] == "kumo.eks"


def test_a_refused_token_is_signed_again_once(api, minted):
    Server.answers = [refusal(401), (200, row("n"))]
    assert api.get(NAMESPACE, "n")
    Server.answers = [refusal(401), refusal(401)]
    with pytest.raises(KubernetesError, match="401 no. The cluster does not know the caller"):
        api.get(NAMESPACE, "n")
    assert [call["token"] for call in Server.asked] == [f"Bearer secret-{n}" for n in (0, 1, 1, 2)]


def test_threads_share_a_token_and_its_replacement(api, minted):
    Server.answers = [(200, row("n"))] * 16
    threads = [threading.Thread(target=lambda: [api.get(NAMESPACE, "n") for dummy in range(2)]) for dummy in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Server.asked) == 16 and len(minted) == 1


def test_nothing_of_a_token_is_kept(api, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    Server.answers = [(503, {})] * 5 + [refusal(403, "forbidden"), (200, row("n"))]
    with pytest.raises(KubernetesError) as caught:
        api.get(NAMESPACE, "n")
    with pytest.raises(KubernetesError) as forbidden:
        api.create(NAMESPACE, {"metadata": {"name": "n"}})
    dynamic = api._open()
    api.get(NAMESPACE, "n")
    api.close()
    written = [
        repr(api),
        repr(vars(api)),
        repr(dynamic),
        repr(vars(dynamic.configuration)),
        caplog.text,
        *capfd.readouterr(),
    ]
    for error in (caught.value, forbidden.value):
        written += [str(error), repr(vars(error)), repr(error.__context__), str(error.__context__)]
    assert not [text for text in written if "secret" in text]


# what a refusal means


def test_a_wrong_clock_is_named_and_the_access_entry_is_not(api):
    late = {"Date": format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)}
    Server.answers = [(*refusal(401), late)] * 2
    with pytest.raises(KubernetesError, match=r"clock is 3\d\d\d s behind the API server's") as caught:
        api.get(NAMESPACE, "n")
    assert "access entry" not in caught.value.message


def test_a_forbidden_call_says_what_grants_it(api):
    Server.answers = [refusal(403, "namespaces is forbidden", reason="Forbidden")]
    with pytest.raises(
        KubernetesError, match="403 namespaces is forbidden. The caller's access entry has no policy"
    ) as caught:
        api.get(NAMESPACE, "n")
    assert (caught.value.status, caught.value.reason) == (403, "Forbidden")


def test_an_answer_that_is_not_the_api_servers(api):
    Server.answers = [(200, ["hello", "there"])]
    with pytest.raises(KubernetesError, match="something other than JSON"):
        api.get(NAMESPACE, "n")


def test_a_server_that_does_not_answer(api, server):
    server.shutdown()
    server.server_close()
    with pytest.raises(KubernetesError, match="does not answer.*public_access_cidrs") as caught:
        list(api.list(POD, "n"))
    assert caught.value.status == 0 and "secret" not in caught.value.message


def test_a_missing_package_is_named_with_the_python(api, monkeypatch):
    monkeypatch.setitem(sys.modules, "kubernetes", None)
    with pytest.raises(
        EksError, match=r"Python library \(kubernetes>=26.1.0\).*to reach the cluster's Kubernetes API"
    ) as caught:
        api.get(NAMESPACE, "n")
    assert sys.executable in caught.value.message


# tried again


def test_a_read_is_tried_again_and_a_creation_is_not(api):
    Server.answers = [(503, {}), (502, {}), (200, row("n"))]
    assert api.get(NAMESPACE, "n") == row("n")
    Server.answers = [refusal(503, "later")]
    with pytest.raises(KubernetesError, match="503 later"):
        api.create(NAMESPACE, {"metadata": {"name": "n"}})


def test_every_call_waits_when_the_server_asks_for_it(api):
    Server.answers = [(429, {}, {"Retry-After": "0"}), (201, row("n"))]
    assert api.create(NAMESPACE, {"metadata": {"name": "n"}}) == row("n")
    assert json.loads(Server.asked[-1]["body"]) == {"metadata": {"name": "n"}}


def test_what_stays_bad_is_told_in_the_servers_words(api):
    Server.answers = [refusal(500, "etcd is away")] * 5
    with pytest.raises(KubernetesError, match="500 etcd is away"):
        api.get(NAMESPACE, "n")
    assert Server.answers == []


def test_an_eviction_that_a_budget_forbids_is_not_tried_again(api):
    causes = {"causes": [{"reason": "DisruptionBudget", "message": "needs 2 healthy pods"}]}
    Server.answers = [(*refusal(429, "Cannot evict pod", details=causes), {"Retry-After": "10"})]
    with pytest.raises(KubernetesError, match="Cannot evict pod") as caught:
        api.evict("p", "n", grace_period=5)
    assert caught.value.is_disruption_budget and len(Server.asked) == 1
    asked = Server.asked[0]
    assert (asked["method"], asked["path"]) == ("POST", "/api/v1/namespaces/n/pods/p/eviction")
    assert json.loads(asked["body"])["deleteOptions"]["gracePeriodSeconds"] == 5
    Server.answers = [refusal(404)]
    assert api.evict("p", "n") is False


def test_the_token_follows_no_redirect(api):
    Server.answers = [(302, {"message": "there"}, {"Location": "http://localhost:1/elsewhere"})]
    with pytest.raises(KubernetesError):
        api.get(SERVICE_ACCOUNT, "a", "n")
    assert len(Server.asked) == 1


# what is sent


def test_lists_come_page_by_page_and_survive_an_expired_place(api):
    expired = refusal(410, "too old", metadata={"continue": "newer"})
    Server.answers = [page("a", more="a b"), expired, page("c")]
    assert [item["metadata"]["name"] for item in api.list(POD, "n", "app=web", "spec.nodeName=x")] == ["a", "c"]
    assert Server.asked[0]["path"] == (
        "/api/v1/namespaces/n/pods?limit=500&labelSelector=app%3Dweb&fieldSelector=spec.nodeName%3Dx"
    )
    assert [unquote_plus(call["path"].partition("continue=")[2]) for call in Server.asked] == ["", "a b", "newer"]


def test_a_list_asks_for_no_page_that_nobody_wants(api):
    Server.answers = [page("a", "b", more="x")]
    assert next(iter(api.list(NODE)))["metadata"]["name"] == "a"
    assert len(Server.asked) == 1


def test_names_do_not_leave_their_place_in_the_path(api):
    Server.answers = [refusal(404)]
    assert api.get(SERVICE_ACCOUNT, "../secrets", "n") is None
    assert Server.asked[0]["path"] == "/api/v1/namespaces/n/serviceaccounts/..%2Fsecrets"


def test_patches_and_applies_have_their_media_types(api):
    Server.answers = [(200, row("n"))] * 3
    api.patch(SERVICE_ACCOUNT, "a", {"metadata": {"labels": {"x": None}}}, "n")
    api.patch(NODE, "x", {"spec": {"unschedulable": True}}, media_type=STRATEGIC_PATCH, dry_run=True)
    api.apply(NAMESPACE, {"metadata": {"name": "n"}}, force=True)
    assert [call["type"] for call in Server.asked] == [
        "application/merge-patch+json",
        "application/strategic-merge-patch+json",
        "application/apply-patch+yaml",
    ]
    assert [call["path"] for call in Server.asked] == [
        "/api/v1/namespaces/n/serviceaccounts/a?fieldManager=kumo.eks",
        "/api/v1/nodes/x?fieldManager=kumo.eks&dryRun=All",
        "/api/v1/namespaces/n?fieldManager=kumo.eks&force=true",
    ]
    assert json.loads(Server.asked[2]["body"]) == {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}


def test_a_deletion_says_which_object_it_means(api):
    Server.answers = [(200, {"kind": "Status"}), refusal(404)]
    assert api.delete(POD, "p", "n", uid="u", grace_period=0, propagation="Foreground") is True
    assert api.delete(POD, "p", "n", dry_run=True) is False
    assert json.loads(Server.asked[1]["body"])["dryRun"] == ["All"] and "?" not in Server.asked[1]["path"]
    assert json.loads(Server.asked[0]["body"]) == {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": "u"},
        "gracePeriodSeconds": 0,
        "propagationPolicy": "Foreground",
    }


def test_a_token_of_a_service_account(api):
    Server.answers = [(201, {"status": {"token": "t"}})]
    assert api.create_token("n", "a", "sts.amazonaws.com", 600) == "t"
    assert Server.asked[0]["path"] == "/api/v1/namespaces/n/serviceaccounts/a/token"


# kinds


def test_a_known_kind_costs_one_call_and_an_unknown_one_two(api):
    resources = [
        {"name": "deployments", "kind": "Deployment", "namespaced": True, "verbs": ["get"]},
        {"name": "deployments/scale", "kind": "Scale", "namespaced": True, "verbs": ["get"]},
    ]
    Server.answers = [(200, row("n")), (200, {"resources": resources}), (200, row("d")), refusal(404)]
    api.get(NAMESPACE, "n")
    finder = KindFinder(api)
    api.get(finder.find_kind("apps/v1", "Deployment"), "d", "n")
    assert [call["path"] for call in Server.asked] == [
        "/api/v1/namespaces/n",
        "/apis/apps/v1",
        "/apis/apps/v1/namespaces/n/deployments/d",
    ]
    for kind, api_version in (("Scale", "apps/v1"), ("Widget", "example.com/v1")):
        with pytest.raises(EksError, match=f"does not serve the kind {kind} of {api_version}"):
            finder.find_kind(api_version, kind)


def test_every_kind_costs_two_calls(api):
    def group(name, version, *resources):
        rows = [
            {"resource": plural, "responseKind": {"kind": kind}, "scope": scope, "verbs": ["list"]}
            for plural, kind, scope in resources
        ]
        return {"metadata": {"name": name}, "versions": [{"version": version, "resources": rows}]}

    apps = group("apps", "v1", ("deployments", "Deployment", "Namespaced"))
    apps["versions"] += group("apps", "v1beta1", ("deployments", "Deployment", "Namespaced"))["versions"]
    Server.answers = [(200, {"items": [group("", "v1", ("nodes", "Node", "Cluster"))]}), (200, {"items": [apps]})]
    found = [(kind.api_version, kind.plural, kind.namespaced) for kind in KindFinder(api).list_kinds()]
    assert found == [("v1", "nodes", False), ("apps/v1", "deployments", True)]
    assert [call["path"] for call in Server.asked] == ["/api", "/apis"]
    assert "APIGroupDiscoveryList" in Server.asked[0]["accept"]


# watches


def take(watch, count):
    return [(change.type, change.object["metadata"]["name"]) for change in islice(watch.follow(30), count)]


def test_a_watch_goes_on_after_the_end_of_a_stream_and_the_loss_of_its_place(api):
    bookmark = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "8"}}}
    gone = {"type": "ERROR", "object": {"code": 410, "message": "too old resource version"}}
    Server.answers = [
        page("a", "b"),
        (200, [{"type": "MODIFIED", "object": row("a", "6")}, {"type": "DELETED", "object": row("b", "7")}, bookmark]),
        (200, [{"type": "ADDED", "object": row("c", "9")}, gone]),
        page("a", "d"),
        (410, {"message": "too old"}),
        page("a", "d", "e"),
    ]
    assert take(Watch(api, POD, "n"), 8) == [
        ("ADDED", "a"),
        ("ADDED", "b"),
        ("MODIFIED", "a"),
        ("DELETED", "b"),
        ("ADDED", "c"),
        ("MODIFIED", "a"),
        ("ADDED", "d"),
        ("DELETED", "c"),
    ]
    streams = [call["path"] for call in Server.asked if "watch=true" in call["path"]]
    assert "resourceVersion=5&allowWatchBookmarks=true" in streams[0] and "resourceVersion=8&" in streams[1]


def test_a_watch_that_is_not_allowed_says_so(api):
    Server.answers = [page("a"), refusal(403, "cannot watch")]
    with pytest.raises(KubernetesError, match="403 cannot watch"):
        take(Watch(api, POD, "n"), 2)


# what it costs, and leaves


def test_the_package_is_imported_by_the_first_call_alone():
    name = "ansible_collections.kumo.eks.plugins.module_utils.kubernetes"
    code = f"import sys, {name}.api, {name}.watching, {name}.discovery; sys.exit('kubernetes' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_file_is_written(api, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    Server.answers = [(200, row("n"))]
    api.get(NAMESPACE, "n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": ".eks.amazonaws.com"}, None),
    ],
)
def test_the_environments_proxy_is_used(monkeypatch, environment, proxy):
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert find_proxy("https://ABC.gr7.ap-northeast-1.eks.amazonaws.com") == proxy
    assert kubernetes_api.TIMEOUT[0] <= 10
