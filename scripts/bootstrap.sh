#!/usr/bin/env bash
# Installs what Touchline needs beside Swift, with apt, and the packages that are named. Says nothing when nothing is missing.
set -euo pipefail

readonly minimum_swift="6.2"

fail() {
    printf 'bootstrap: %s\n' "$@" >&2
    exit 1
}

has_header() {
    local directory
    for directory in /usr/include /usr/local/include /usr/include/postgresql "/usr/include/$(uname -m)-linux-gnu"; do
        [ -e "$directory/$1" ] && return
    done
    return 1
}

has_postgres() {
    command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

check_swift() {
    local version
    command -v swift >/dev/null ||
        fail "Swift is not installed, and apt does not have it." \
            "Install Swift $minimum_swift or later from https://www.swift.org/install/linux/ and put it in PATH."
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p')
    [ "$(printf '%s\n' "$minimum_swift" "$version" | sort -V | head -n 1)" = "$minimum_swift" ] ||
        fail "Swift $version is too old: Touchline needs $minimum_swift or later." \
            "Install it from https://www.swift.org/install/linux/ and put it first in PATH."
}

# What is missing, as names of Debian packages. Looks for the things themselves, so that other distributions pass as well.
missing_packages() {
    local package
    for package in "$@"; do
        dpkg-query --show --showformat='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || echo "$package"
    done
    command -v redis-server >/dev/null && command -v redis-cli >/dev/null || echo redis-server
    has_postgres || echo postgresql
    has_header libpq-fe.h || echo libpq-dev
    has_header hiredis/hiredis.h || echo libhiredis-dev
    has_header zlib.h || echo zlib1g-dev
    has_header simdjson.h || echo libsimdjson-dev
    command -v pkg-config >/dev/null || echo pkg-config
    compgen -G '/usr/include/c++/*/string' >/dev/null || echo g++
    command -v setpriv >/dev/null || echo util-linux
}

# The packages' own services stay off: Touchline starts private ones. Debian asks this file before it starts anything.
install() {
    local policy=/usr/sbin/policy-rc.d root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            fail "not root, and there is no sudo. As root, run: apt-get install $*"
        root=(sudo)
    fi
    echo "bootstrap: installing with apt: $*"
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null
        "${root[@]}" chmod +x "$policy"
        # shellcheck disable=SC2064
        trap "${root[*]} rm -f $policy" EXIT
    fi
    local apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq -o Dpkg::Use-Pty=0)
    "${apt[@]}" update || echo "bootstrap: the package lists could not be updated; trying with those at hand" >&2
    "${apt[@]}" install --yes --no-install-recommends "$@" >/dev/null ||
        fail "apt could not install: $*" "Mend what it says above and run this again."
}

check_swift
mapfile -t packages < <(missing_packages "$@")
if [ "${#packages[@]}" -gt 0 ]; then
    command -v apt-get >/dev/null ||
        fail "there is no apt here. With your system's own tools, install what Debian calls: ${packages[*]}"
    install "${packages[@]}"
    mapfile -t packages < <(missing_packages "$@")
    [ "${#packages[@]}" -eq 0 ] || fail "still missing after the installation: ${packages[*]}"
fi
