#!/usr/bin/env bash
# The guide's cluster on the sandbox: bring it up, look at it, run again with nothing to change.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"

# Programs are built from now on: network, control plane and nodes come up meanwhile.
tools/programs.sh helm charts &
building=$!
trap 'kill "$building" 2>/dev/null || true' EXIT
tools/setup.sh
speed="${DEMO_SPEED:-20}"
state="${KUMO_SANDBOX_STATE:-${XDG_STATE_HOME:-$HOME/.local/state}/kumo-sandbox}"
export KUBECONFIG="$state/demo-kubeconfig" KUMO_SANDBOX_STATE="$state"
# Helm's repositories of this machine stay as they are.
export HELM_CONFIG_HOME="$state/helm/config" HELM_CACHE_HOME="$state/helm/cache" HELM_DATA_HOME="$state/helm/data"

say() { printf '\n== %s\n' "$*"; }
cluster() {
  ansible-playbook kumo.eks.site -e eks_cluster_config=cluster-config.yaml -e eks_cluster_kubeconfig="$KUBECONFIG" "$@"
}
site() { cluster -e @applications.yml -e ingress_nginx_repository="$charts"; }

say "Start the sandbox, $speed times as fast as AWS"
kumo-sandbox up --speed "$speed" --no-build
eval "$(kumo-sandbox env)"
cd docs/examples
export ANSIBLE_LOCALHOST_WARNING=false ANSIBLE_INVENTORY_UNPARSED_WARNING=false

if kill -0 "$building" 2>/dev/null; then
  say "Bring up network, control plane, nodes and add-ons, while the programs behind the Kubernetes API are built"
  cluster
fi
wait "$building"
kubectl=$(kumo-sandbox binaries kubectl | cut -f2)
helm=$(kumo-sandbox binaries helm | cut -f2)
PATH="$(dirname "$kubectl"):$(dirname "$helm"):$PATH"
charts=$(kumo-sandbox charts)

say "Bring up the cluster of docs/examples/cluster-config.yaml, with the identities and releases of applications.yml"
site

say "The nodes, by the Kubernetes API"
kubectl get nodes -o wide -L role

say "A pod that matches the Fargate profile, and one that does not"
kubectl create namespace fargate-tasks --dry-run=client -o yaml | kubectl apply -f -
for pod in with-label without-label; do
  label=""
  [ "$pod" = with-label ] && label="--labels=compute=fargate"
  # shellcheck disable=SC2086 # no label is no argument
  kubectl -n fargate-tasks run "$pod" --image=public.ecr.aws/docker/library/busybox:stable $label \
    --dry-run=client -o yaml | kubectl apply -f -
done
kubectl -n fargate-tasks wait --for=condition=Ready pod/with-label pod/without-label --timeout=120s
kubectl -n fargate-tasks get pods -o wide --show-labels

say "A pod with the service account my-app-sa: what EKS gives it"
kubectl -n production run my-app --image=123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/my-app:v1.0 \
  --overrides='{"spec": {"serviceAccountName": "my-app-sa"}}' --dry-run=client -o yaml | kubectl apply -f -
kubectl -n production wait --for=condition=Ready pod/my-app --timeout=120s
kubectl -n production get pod my-app -o jsonpath='{range .spec.containers[0].env[*]}{.name}={.value}{"\n"}{end}'

say "Whether STS accepts its token for its role, and what Helm has installed"
ansible-playbook look.yml
kubectl get service,deployment,ingress -A -o wide -l app.kubernetes.io/managed-by=Helm

say "Everything of the cluster, as EKS reports it"
kumo-sandbox status

say "Run it again: changed=0"
again="$(site)" || { printf '%s\n' "$again"; exit 1; }
grep -A1 'PLAY RECAP' <<<"$again"
grep -q 'changed=0 ' <<<"$again" || { printf '%s\nThe second run changed something.\n' "$again" >&2; exit 1; }

cat <<EOF

Look around:
  eval "\$(.venv/bin/kumo-sandbox env)"
  export KUBECONFIG="$KUBECONFIG" PATH="$(dirname "$kubectl"):$(dirname "$helm"):\$PATH"
  kubectl get pods -A -o wide
  helm list -A
  .venv/bin/kumo-sandbox status
Stop it:
  make down
EOF
