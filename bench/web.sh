#!/usr/bin/env bash
# Measures a first visit to the pricing page: what it transfers, file by file, and what Lighthouse says of it as a phone
# on a slow connection. Starts a server of its own on free ports. Writes bench/web.md.
#
#   scripts/bench web               some minutes, after the build
#   scripts/bench web --no-build    with what target/release (else target/debug) holds
#   scripts/bench web --quick       bytes alone; prints and keeps nothing
set -euo pipefail
# shellcheck source=scripts/build-spa
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/build-spa"
cd "$ROOT"

# Needs a newer Node.js than Debian's; npm carries the program itself.
LIGHTHOUSE_VERSION=13.5.0
LIGHTHOUSE_DIR=$CACHE/lighthouse-$LIGHTHOUSE_VERSION

build=1 quick=0
for option in "$@"; do
    case $option in
    --no-build) build=0 ;;
    --quick) quick=1 ;;
    *) die "usage: scripts/bench web [--no-build] [--quick]" ;;
    esac
done

install_tools() {
    want chromium chromium fonts-liberation
    want npm nodejs npm
    want curl curl
    want python3 python3
    setup_build
    MIN_NODE=22
    ensure_node
    [ "$quick" -eq 1 ] || install_npm_tool "$LIGHTHOUSE_DIR" "lighthouse@$LIGHTHOUSE_VERSION"
}
with_cache_lock install_tools

circle=$TARGET/release/circle
if [ "$build" -eq 1 ]; then
    build_spa
    cargo build --locked --release --workspace --bin circle
elif [ ! -x "$circle" ]; then
    circle=$TARGET/debug/circle
fi

work=$(mktemp -d)
server=
finish() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    [ -z "$server" ] || wait "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
port=$(free_port)
url=http://localhost:$port
LISTEN_ADDR=127.0.0.1:$port PUBLIC_URL=$url SANDBOX_ADDR=127.0.0.1:$(free_port) DATA_DIR=$work/data \
    CATALOG=$ROOT/catalog.toml "$circle" serve >"$work/log" 2>&1 &
server=$!

# until_true SECONDS COMMAND...
until_true() {
    local left=$1
    shift
    until "$@"; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || die "waited in vain for: $* (see $work/log)"
        sleep 1
    done
}
serves_plans() { curl -fs "$url/api/plans" | grep -q '"amount"'; }
until_true 60 serves_plans
index=$(curl -fs "$url/pricing")
mapfile -t files < <(grep -oE '/[A-Za-z_-]+-[0-9a-f]+(_bg)?\.(css|js|wasm|svg)' <<<"$index" | grep -v '^/web-' | sort -u)
# Best compression ends some seconds after the start.
compressed() { curl -fsI -H 'Accept-Encoding: br' "$url$1" | grep -qi '^content-encoding: br'; }
for file in "${files[@]}"; do
    case $file in *.svg) ;; *) until_true 120 compressed "$file" ;; esac
done

bytes_table() {
    local path size sum=0
    printf '| File | Bytes |\n|---|---:|\n'
    # The last two are the service worker's own.
    for path in /pricing "${files[@]}" /sw.js /offline; do
        size=$(curl -fs -H 'Accept-Encoding: br' -o /dev/null -w '%{size_download}' "$url$path")
        sum=$((sum + size))
        # Names change with each build, kinds do not.
        printf '| %s | %d |\n' "$(sed -E 's/-[0-9a-f]+//' <<<"$path")" "$size"
    done
    printf '| **All** | **%d** |\n' "$sum"
}

if [ "$quick" -eq 1 ]; then
    bytes_table
    exit 0
fi

lighthouse() {
    local sandbox=
    [ "$(id -u)" -ne 0 ] || sandbox=--no-sandbox
    CHROME_PATH=${CHROMIUM:-/usr/bin/chromium} "$LIGHTHOUSE_DIR/node_modules/.bin/lighthouse" "$url$1" --quiet \
        --output=json --output-path="$work/lighthouse.json" --chrome-flags="--headless=new $sandbox" >&2
    python3 - "$1" "$work/lighthouse.json" <<'PYTHON'
import json, sys

page, path = sys.argv[1:]
report = json.load(open(path))
score = lambda name: round(report["categories"][name]["score"] * 100)
shown = lambda name: report["audits"][name]["displayValue"].replace("\u00a0", " ")
row = [score(name) for name in ("performance", "accessibility", "best-practices", "seo")]
row += [shown(name) for name in ("first-contentful-paint", "largest-contentful-paint", "total-blocking-time",
                                 "cumulative-layout-shift")]
print(f"| {page} | " + " | ".join(str(cell) for cell in row) + " |")
for name, audit in report["audits"].items():
    weights = [ref["weight"] for group in report["categories"].values() for ref in group["auditRefs"] if ref["id"] == name]
    if audit["score"] is not None and audit["score"] < 0.9 and any(weights):
        print(f"not full: {name}: {audit.get('displayValue', audit['title'])}", file=sys.stderr)
PYTHON
}

{
    printf '# A first visit\n\n'
    printf '%s, %s, %s cores, %s. Command: \x60%s\x60.\n\n' "$(date -u '+%-d %B %Y')" \
        "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" "$("$circle" --version)" "scripts/bench web"
    printf '## What /pricing transfers\n\nBodies, with brotli, of everything that a browser without a cache loads.\n\n'
    bytes_table
    printf '\nThe goal is 120 kB; the browser tests fail above 130 kB.\n\n'
    printf '## Lighthouse %s\n\nA phone on a slow connection, simulated; the goal is 95, 100, 100, 95.\n\n' \
        "$LIGHTHOUSE_VERSION"
    printf '| Page | Performance | Accessibility | Best practices | SEO | First paint | Largest paint | Blocked | Shift |\n'
    printf '|---|---:|---:|---:|---:|---:|---:|---:|---:|\n'
    for page in /pricing / /episodes; do lighthouse "$page"; done
} >"$work/web.md"
mv "$work/web.md" bench/web.md
cat bench/web.md
