#!/usr/bin/env bash
# Measures the sandbox: start, reads, updates of subscriptions, and whether lists and look-ups stay level with the
# number of customers. Writes bench/sandbox.md.
#
#   scripts/bench sandbox               about two minutes, after the build
#   scripts/bench sandbox --quick       a second each and 2,000 customers; prints and keeps nothing
#   scripts/bench sandbox --no-build    with what target/release holds, or CIRCLE_BIN
set -euo pipefail
# shellcheck source=scripts/setup
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/setup"
cd "$ROOT"

install_tools() {
    want wrk wrk
    want python3 python3
    install_missing_packages
}
with_cache_lock install_tools

build=1
for option in "$@"; do
    [ "$option" != --no-build ] || build=0
done
[ "$build" -eq 0 ] || cargo build --locked --release --workspace --bin circle

export CIRCLE_BIN=${CIRCLE_BIN:-$TARGET/release/circle}
exec python3 -B bench/sandbox/measure.py "$@"
