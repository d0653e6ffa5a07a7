#!/usr/bin/env bash
# Makes .venv, the Python environment with the servers and clients that the tests use.
# Does nothing, without a word, while Tests/Servers/requirements.txt is as it was.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

requirements=Tests/Servers/requirements.txt
environment=.venv
# Copied last, so an installation that broke off is begun anew.
installed=$environment/requirements.txt

cmp -s "$requirements" "$installed" && [[ -x $environment/bin/python3 ]] && exit 0

# Debian's own, where there is one: debian-packages.sh has seen to its venv module.
python=/usr/bin/python3
[[ -x $python ]] || python=$(command -v python3) || {
    echo "test-servers.sh: there is no python3; install it with its venv module" >&2
    exit 1
}

echo "Installing the test servers into $environment"
rm -rf "$environment"
"$python" -m venv "$environment"
"$environment/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
cp "$requirements" "$installed"
