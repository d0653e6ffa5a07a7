#!/usr/bin/env bash
# Makes .venv, the Python environment with the servers and clients that the tests use, and .venv-old with the
# last clients of Elastic Transcoder.
# Does nothing, without a word, while the lists in Tests/Servers are as they were.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Debian's own, where there is one: debian-packages.sh has seen to its venv module.
python=/usr/bin/python3
[[ -x $python ]] || python=$(command -v python3) || {
    echo "test-servers.sh: there is no python3; install it with its venv module" >&2
    exit 1
}

# Makes the environment $1 of the list $2.
make_environment() {
    local environment=$1 requirements=$2
    # Copied last, so an installation that broke off is begun anew.
    local installed=$environment/requirements.txt
    cmp -s "$requirements" "$installed" && [[ -x $environment/bin/python3 ]] && return
    echo "Installing the test servers and clients into $environment"
    rm -rf "$environment"
    "$python" -m venv "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
    cp "$requirements" "$installed"
}

make_environment .venv Tests/Servers/requirements.txt
make_environment .venv-old Tests/Servers/requirements-old.txt
