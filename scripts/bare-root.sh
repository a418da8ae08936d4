#!/usr/bin/env bash
# Runs the program of `make dist` on a Debian that has nothing but the packages which docs/ops.md names: a bare root in a
# temporary folder, in which `touchline demo` has to start and its page has to answer. Needs root and a mirror of Debian
# (TOUCHLINE_MIRROR); takes two minutes, and leaves nothing behind.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
    echo "bare-root: $*" >&2
    exit 1
}

[ "$(id -u)" -eq 0 ] || fail "chroot needs root"
program="$(find dist -maxdepth 1 -type f -perm -u+x -name "touchline-*-linux-$(uname -m)" 2>/dev/null | head -n 1)"
[ -n "$program" ] || fail "there is no program in dist/: run 'make dist' first"
# The first installation that the page describes, word by word.
packages="$(sed -n '/^## Install/,/^## Configure/p' docs/ops.md |
    sed -n '/^apt-get install/,/^```/p' | sed '/^```/,$d' | tr -d '\\\n' | sed 's/^apt-get install//; s/--[a-z-]*//g' | xargs)"
[ -n "$packages" ] || fail "docs/ops.md names no packages"
scripts/bootstrap.sh debootstrap curl

# Not in /tmp, which may forbid devices.
root="$(mktemp -d /var/tmp/touchline-bare-root.XXXXXX)"
# The servers run as another user, who has to get through /.
chmod 755 "$root"
demo=
cleanup() {
    status=$?
    # Whoever began it may be gone already, and its children with it.
    [ -z "$demo" ] || kill -KILL "$demo" 2>/dev/null || true
    wait 2>/dev/null || true
    ! mountpoint -q "$root/proc" || umount "$root/proc"
    rm -rf --one-file-system "$root"
    exit "$status"
}
trap cleanup EXIT

release="$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")"
debootstrap --variant=minbase "$release" "$root" "${TOUCHLINE_MIRROR:-http://deb.debian.org/debian}" >"$root.log" ||
    { tail -n 20 "$root.log"; rm -f "$root.log"; fail "debootstrap could not make a root"; }
rm -f "$root.log"
# Nothing is started there by packages.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"
mount -t proc proc "$root/proc"
echo "bare-root: installing $packages"
# shellcheck disable=SC2086
chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends -qq $packages >/dev/null
install -m 755 "$program" "$root/usr/local/bin/touchline"
# Swift reads the arguments of a process from /proc.
chroot "$root" touchline --version
umount "$root/proc"

output="$root/var/tmp/demo.txt"
# A process table of its own: what the demo starts cannot outlive it.
unshare --pid --fork --kill-child --mount --mount-proc="$root/proc" \
    chroot "$root" touchline demo --port 0 --operations-port 0 >"$output" 2>&1 &
demo=$!
page=
for _ in $(seq 300); do
    page="$(sed -n 's|.*\(http://127.0.0.1:[0-9]*/\)$|\1|p' "$output" | head -n 1)"
    [ -z "$page" ] || break
    kill -0 "$demo" 2>/dev/null || { cat "$output"; fail "the demo ended by itself"; }
    sleep 0.2
done
[ -n "$page" ] || { cat "$output"; fail "the demo tells no page"; }
curl --silent --show-error --fail --retry 30 --retry-delay 1 --retry-all-errors "$page" | grep -qi '<!doctype html>' ||
    { cat "$output"; fail "$page is no page"; }
# Prices come from the sportsbook through Redis, and a page without any shows nothing.
prices=
for _ in $(seq 100); do
    prices="$(curl --silent "${page}v1/odds" | grep -c '"p":' || true)"
    [ "$prices" = 0 ] || break
    sleep 0.2
done
[ "$prices" != 0 ] || { cat "$output"; fail "${page}v1/odds has no prices"; }
# ctrl-C, as a person would: the program is the first process of its table.
kill -INT "$(pgrep --parent "$demo" | head -n 1)"
wait "$demo" || { cat "$output"; fail "the demo did not end well"; }
demo=
grep -q 'Nothing is left behind' "$output" || { cat "$output"; fail "the demo did not clean up"; }
echo "bare-root: $(basename "$program") runs the demo on Debian $release with $packages"
