#!/usr/bin/env bash
# Makes .venv-bench with an ffmpeg that has libvmaf, and prints the path of that ffmpeg. Installs HandBrake's
# command where there is an apt-get and it is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The last release of the package that carries ffmpeg 7.
package=imageio-ffmpeg==0.6.0

if ! command -v HandBrakeCLI >/dev/null && command -v apt-get >/dev/null; then
    privileged=()
    [[ $(id -u) -eq 0 ]] || privileged=(sudo)
    ${privileged[@]+"${privileged[@]}"} env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends handbrake-cli >&2
fi
if [[ $(cat .venv-bench/package 2>/dev/null) != "$package" ]]; then
    echo "Installing $package into .venv-bench" >&2
    rm -rf .venv-bench
    python3 -m venv .venv-bench
    .venv-bench/bin/pip install --quiet --disable-pip-version-check "$package"
    echo "$package" >.venv-bench/package
fi
.venv-bench/bin/python3 -c 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())'
