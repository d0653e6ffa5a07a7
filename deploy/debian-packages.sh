#!/usr/bin/env bash
# Installs the Debian packages that are missing: `debian-packages.sh build`, `debian-packages.sh test` or
# `debian-packages.sh test-ceph`.
# Does nothing, without a word, when all of them are there.
set -euo pipefail

fail() {
    echo "debian-packages.sh: $1" >&2
    exit 1
}

libraries=(libavcodec libavformat libavfilter libswscale libswresample libavutil)
packages=(
    libavcodec-dev libavformat-dev libavfilter-dev libswscale-dev libswresample-dev libavutil-dev
    libcurl4-openssl-dev libssl-dev libsqlite3-dev pkg-config
)
programs=()
ceph=()

case "${1:-}" in
build) ;;
test) programs=(ffmpeg valgrind python3 chromium) ;;
test-ceph)
    programs=(ffmpeg valgrind python3 chromium)
    ceph=(radosgw ceph-mon ceph-osd ceph-common ceph-base)
    ;;
*)
    echo "usage: debian-packages.sh build|test|test-ceph" >&2
    exit 2
    ;;
esac
packages+=(${programs[@]+"${programs[@]}"} ${ceph[@]+"${ceph[@]}"})
# Debian keeps Python's own module for environments in a package of its own; openssl makes certificates.
[[ ${#programs[@]} -eq 0 ]] || packages+=(python3-venv openssl)

command -v swift >/dev/null ||
    fail "swift is not on PATH; install Swift 6.2 or later from https://www.swift.org/install and try again"

# Elsewhere than on Debian the libraries may have come from another package manager.
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    absent=()
    for program in pkg-config ${programs[@]+"${programs[@]}"} ${ceph[0]:+radosgw ceph-mon ceph-osd}; do
        command -v "$program" >/dev/null || absent+=("$program")
    done
    for library in "${libraries[@]}" libcurl openssl sqlite3; do
        pkg-config --exists "$library" 2>/dev/null || absent+=("$library")
    done
    [[ ${#absent[@]} -eq 0 ]] && exit 0
    fail "there is no apt-get here; install these with their headers by other means: ${absent[*]}"
fi

present=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null || true)
missing=()
for package in "${packages[@]}"; do
    grep -qx "$package installed" <<<"$present" || missing+=("$package")
done
[[ ${#missing[@]} -eq 0 ]] && exit 0

privileged=()
if [[ $(id -u) -ne 0 ]]; then
    command -v sudo >/dev/null ||
        fail "neither root nor sudo; have an administrator install: ${missing[*]}"
    privileged=(sudo)
fi

echo "Installing ${missing[*]}"
as_root() { ${privileged[@]+"${privileged[@]}"} env DEBIAN_FRONTEND=noninteractive "$@"; }
as_root apt-get update -qq
as_root apt-get install -y -qq --no-install-recommends "${missing[@]}"
