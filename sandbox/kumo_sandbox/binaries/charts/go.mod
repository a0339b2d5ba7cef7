module kumo.eks/sandbox/charts

go 1.26.0

// No program: the module's zip holds the Helm chart ingress-nginx 4.11.0 (its app is 1.11.0), in charts/ingress-nginx.
require k8s.io/ingress-nginx v0.0.0-20240708192948-52c50467d67d
