#!/usr/bin/env bash
# Measures the product on SQLite and on PostgreSQL, beside an Express server of the same kind, a bare actix server and
# what the databases can do at the most, all in one run. Writes bench/product.md.
#
#   scripts/bench product               about a quarter of an hour, after the build
#   scripts/bench product --quick       two seconds a cell, 64 connections alone; prints and keeps nothing
#   scripts/bench product --scale       with 1 thousand, 100 thousand and 1 million users, and 10 million events, and
#                                       nothing else: as long; writes bench/product-scale.md
#   scripts/bench product --no-build    with what target/release holds
#   scripts/bench product --only me,webhook --databases sqlite
set -euo pipefail
# shellcheck source=scripts/build-spa
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/build-spa"
cd "$ROOT"

install_tools() {
    want wrk wrk
    want python3 python3
    want cc build-essential
    want npm nodejs npm
    want "$POSTGRES_BIN/postgres" postgresql-15
    install_missing_packages
    ensure_node
}
with_cache_lock install_tools

build=1
for option in "$@"; do
    [ "$option" != --no-build ] || build=0
done
if [ "$build" -eq 1 ]; then
    with_cache_lock setup_build
    build_spa
    cargo build --locked --release --workspace --bin circle --examples
fi

lock=bench/express/package-lock.json installed=bench/express/node_modules/.package-lock.json
if [ ! "$installed" -nt "$lock" ]; then
    say "bench: npm ci in bench/express (better-sqlite3 is compiled, a minute or two)"
    # Without it the headers of Node.js would be fetched from its own site.
    prefix=$(dirname "$(dirname "$(realpath "$(command -v node)")")")
    [ ! -e "$prefix/include/node/node.h" ] || export npm_config_nodedir=$prefix
    (cd bench/express && npm ci --no-audit --no-fund >&2)
    touch "$installed"
fi

export BENCH_TARGET=$TARGET/release BENCH_PGBENCH=$POSTGRES_BIN/pgbench
exec scripts/postgres python3 -B bench/product "$@"
