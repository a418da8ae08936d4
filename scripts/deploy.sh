#!/usr/bin/env bash
# Checks deploy/ as far as that is possible without a cluster: units with systemd's own tools, manifests against Kubernetes's
# schemas, the compose file as YAML, and every configuration in it with `touchline lint`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/observe/tools.sh
"$observe/bin/python" -c 'import kubernetes_validate, yaml' 2>/dev/null ||
    "$observe/bin/pip" -q install kubernetes-validate==1.37.0 pyyaml==6.0.3

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

cp deploy/systemd/* "$work"
# systemd looks for the program where the units say it is.
sed -i "s|/usr/local/bin/touchline|$program|" "$work"/*.service
# An instance with a name, for the template.
cp "$work/touchline@.service" "$work/touchline@feed.service"
# It ends with 0 for keys that it does not know, and says so.
complaints="$(SYSTEMD_UNIT_PATH="$work:" systemd-analyze verify --man=no "$work/touchline@feed.service" \
    "$work/touchline-migrate.service" "$work/touchline.target" 2>&1 | grep -F "$work" || true)"
[ -z "$complaints" ] || { echo "$complaints"; exit 1; }
SYSTEMD_UNIT_PATH="$work:" systemd-analyze security --offline=true --threshold=20 --no-pager "$work/touchline@feed.service" |
    tail -n 1

for file in deploy/kubernetes/*.yaml; do
    [ "$(basename "$file")" = kustomization.yaml ] || "$observe/bin/kubernetes-validate" --strict --quiet "$file"
done
"$observe/bin/python" - "$work" <<'PYTHON'
import glob, sys, yaml
from pathlib import Path

work = Path(sys.argv[1])
listed = set(yaml.safe_load(Path("deploy/kubernetes/kustomization.yaml").read_text())["resources"])
present = {Path(name).name for name in glob.glob("deploy/kubernetes/*.yaml")} - {"kustomization.yaml"}
assert listed == present, f"kustomization.yaml and its folder differ: {listed ^ present}"
objects = [one for name in sorted(present) for one in yaml.safe_load_all(Path("deploy/kubernetes", name).read_text())]
kinds = sorted(one["kind"] for one in objects)
names = {one["metadata"]["name"] for one in objects if one["kind"] == "Deployment"}
for one in objects:
    if one["kind"] == "HorizontalPodAutoscaler":
        assert one["spec"]["scaleTargetRef"]["name"] in names
    if one["kind"] == "Deployment":
        selector = one["spec"]["selector"]["matchLabels"]
        assert selector.items() <= one["spec"]["template"]["metadata"]["labels"].items()
config = next(one for one in objects if one["kind"] == "ConfigMap")
(work / "kubernetes.yaml").write_text(config["data"]["touchline.yaml"])
services = yaml.safe_load(Path("deploy/compose.yaml").read_text())["services"]
assert {"feed", "process", "write", "broadcast", "migrate"} <= set(services)
for name, service in services.items():
    assert set(service.get("depends_on", {})) <= set(services), name
print(f"{len(objects)} objects of Kubernetes ({len(set(kinds))} kinds), {len(services)} services of compose")
PYTHON

export REDIS_PASSWORD=a REDIS_HOST=redis POSTGRES_PASSWORD=b POSTGRES_HOST=postgres SUBSCRIBER_TOKEN=c
export BOOK_A_URL=wss://feed.book-a.example/feed BOOK_A_TOKEN=d
for file in deploy/touchline.yaml "$work/kubernetes.yaml"; do
    "$program" lint --config "$file" >/dev/null
done
echo "the configurations are clean"
