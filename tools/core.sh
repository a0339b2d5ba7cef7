#!/usr/bin/env bash
# The collection on an ansible-core that is supported: the unit tests, then site.yml and teardown.yml from the built tarball,
# installed as a user installs it. The newest core is that of .venv, on which `make test` runs the unit tests. Usage: core.sh oldest|newest
set -euo pipefail
cd "$(dirname "$0")/.."
case "$1" in
  oldest)
    requirements=('ansible-core>=2.17,<2.18' 'kubernetes==26.1.0')
    export COLLECTIONS_OF=ansible==13.7.0 # the first release with both of galaxy.yml's oldest collections
    python=$(tools/find-python.sh 3.11)
    ;;
  newest) requirements=('ansible-core>=2.21,<2.22') python=$(tools/find-python.sh) ;;
  *) echo "core.sh: oldest or newest" >&2; exit 2 ;;
esac
environment=$(tools/environment.sh "$1-core" "$python" "${requirements[@]}" pytest 'xmlschema>=4,<5' -r requirements.txt -r sandbox/pyproject.toml)
# Users have neither the sandbox nor pytest. On the oldest core, they have the oldest of all.
[[ $1 = newest ]] || libraries=('boto3==1.42.1' 'botocore==1.42.1' 'PyYAML==6.0.1')
users=$(tools/environment.sh "$1-run" "$python" "${requirements[@]}" "${libraries[@]:-boto3}" -r requirements.txt)
read_version() { .venv/bin/python -c 'import json, sys; print(json.load(open(sys.argv[1]))["collection_info"]["version"])' "$1"; }
if [[ $1 = oldest ]]; then
  for name in amazon.aws kubernetes.core; do # what galaxy.yml allows is what is tested
    version=$(read_version "$users/collections/ansible_collections/${name/.//}/MANIFEST.json")
    grep -q "$name: \">=${version}[\",]" galaxy.yml || { echo "core.sh: $name $version is not the oldest of galaxy.yml" >&2; exit 1; }
  done
fi
scratch=$(mktemp -d)
state="$scratch/sandbox"
trap '.venv/bin/kumo-sandbox down --state "$state" >/dev/null 2>&1 || true; rm -rf "$scratch"' EXIT
mkdir -p "$scratch/home"

# This environment's programs, and nothing of the checkout's: Python's variables would lead to it.
run() { env -u PYTHONPATH PATH="$environment/bin:/usr/bin:/bin" ANSIBLE_HOME="$scratch/home" "$@"; }
run_as_user() { environment=$users run "$@"; }
run ansible --version

if [[ $1 = newest ]]; then
  core() { "$1/bin/python" -c 'import ansible; print(ansible.__version__)'; }
  [[ $(core .venv) = $(core "$environment") ]] || { echo "core.sh: .venv has ansible-core $(core .venv)" >&2; exit 1; }
else
  echo "== unit tests"
  source_tree="$scratch/source/ansible_collections/kumo"
  mkdir -p "$source_tree"
  ln -s "$PWD" "$source_tree/eks"
  (cd "$source_tree/eks" && run env PYTHONPATH="$PWD/sandbox:$scratch/source" PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 \
    ANSIBLE_COLLECTIONS_PATH="$scratch/source" python -m pytest -q tests/unit)
fi

echo "== site.yml and teardown.yml of the tarball"
.venv/bin/python tools/build.py "$scratch/tarball" >/dev/null
run_as_user ansible-galaxy collection install --no-deps --offline "$scratch"/tarball/*.tar.gz
.venv/bin/kumo-sandbox up --state "$state" --speed instant --no-kubernetes
eval "$(.venv/bin/kumo-sandbox env --state "$state")"
cp docs/examples/cluster-config.yaml "$scratch/config.yaml"
play() {
  # An own folder, with no ansible.cfg above the user's.
  (cd "$scratch/home" && run_as_user ansible-playbook "kumo.eks.$1" -e eks_cluster_config="$scratch/config.yaml" -e eks_teardown_confirm=my-cluster) | tee "$scratch/log"
}
play site
grep -q 'failed=0 ' "$scratch/log"
play site
grep -q 'changed=0 .*failed=0 ' "$scratch/log"
play teardown
grep -q 'failed=0 ' "$scratch/log"
echo "the tarball's site.yml: passed"
