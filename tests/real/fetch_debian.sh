#!/bin/sh
# Downloads linux-libc-dev of several Debian suites into a folder, through a scratch apt
# configuration beside the system's. Usage: fetch_debian.sh FOLDER SUITE...
set -eu
folder=$1
shift
uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep '/debian/*$' | head -n 1)
[ -n "$uri" ] || { echo "fetch_debian.sh: apt has no Debian archive; run apt-get update" >&2; exit 1; }
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

apt() {
    apt-get -qq -o Dir::Etc::sourcelist="$scratch/sources" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
        -o Dir::State::status=/dev/null -o Dir::State::lists="$scratch/lists" -o Dir::Cache="$scratch/cache" \
        -o Acquire::Languages=none -o APT::Architecture=amd64 -o APT::Architectures=amd64 \
        -o APT::Sandbox::User=root "$@"
}

for suite in "$@"; do
    target="$folder/linux-libc-dev-$suite.deb"
    [ -s "$target" ] && continue
    scratch=$(mktemp -d)
    mkdir -p "$scratch/lists/partial" "$scratch/cache/archives/partial"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main" > "$scratch/sources"
    apt update
    (cd "$scratch" && apt download linux-libc-dev)
    mv "$scratch"/linux-libc-dev_*.deb "$target"
    rm -rf "$scratch"
done
ls "$folder"
