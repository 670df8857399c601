#!/usr/bin/env bash
# Installs what tests need and pip does not bring. What cannot be installed here is named, and its tests are skipped.
set -uo pipefail
PATH=$PATH:/usr/sbin
cd "$(dirname "$0")/.." || exit 1

# What checks the JavaScript of the page, and another client of MCP, by package-lock.json.
install_javascript_tools() {
    command -v npm >/dev/null || return 1
    [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --silent
}

install() {
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# The program, and the Debian packages that bring it.
tools=(
    "chromium-headless-shell chromium-headless-shell fonts-dejavu-core"
    "nginx nginx-light"
    "caddy caddy"
    "curl curl"
    "openssl openssl"
    "pg_ctlcluster postgresql"
    "node nodejs"
    "npm npm"
)
missing=()
for tool in "${tools[@]}"; do
    command -v "${tool%% *}" >/dev/null || missing+=("$tool")
done
if [ ${#missing[@]} = 0 ]; then
    install_javascript_tools || { echo "npm cannot fetch what checks JavaScript: its tests are skipped." >&2; exit 1; }
    echo "All that tests need is installed."
    exit 0
fi
names=$(printf '%s\n' "${missing[@]}" | cut -d' ' -f1 | paste -sd' ')
if ! command -v apt-get >/dev/null; then
    echo "Not installed: $names. There is no apt-get here: install them as this system does (Chromium as /usr/bin/chromium)." >&2
    exit 1
fi
if [ "$(id -u)" != 0 ]; then
    echo "Not installed: $names. Only root may install them. Run: sudo make test-deps" >&2
    exit 1
fi
apt-get update -qq
failed=0
for tool in "${missing[@]}"; do
    read -r name packages <<<"$tool"
    # shellcheck disable=SC2086 # several packages
    if ! install $packages; then
        echo "$name cannot be installed here with apt-get: its tests are skipped." >&2
        failed=1
    fi
done
# Not every Debian has a Chromium without windows. The whole one does, too, and takes longer.
command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || install chromium fonts-dejavu-core || failed=1
install_javascript_tools || { echo "What checks JavaScript cannot be installed: its tests are skipped." >&2; failed=1; }
exit $failed
