#!/usr/bin/env bash
# Installs what the measurements need, builds a stripped Release, and measures it beside HAProxy. Arguments: see bench.py.
set -eu -o pipefail
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
unset CDPATH
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=examples/common.sh
. "$root/examples/common.sh"

mapfile -t missing < <(missing_packages "${BUILD_PACKAGES[@]}" haproxy nginx-light wrk python3)
[ "${#missing[@]}" -eq 0 ] || install_packages "${missing[@]}"
mkdir -p "$root/build"
build "$root" "$root/build/bench" -DCMAKE_BUILD_TYPE=Release >"$root/build/bench.log" 2>&1 ||
    { tail -n 30 "$root/build/bench.log"; exit 1; }
for program in peer floor; do
    cc -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -o "$root/build/bench/$program" "$root/tests/bench/$program.c"
done
cc -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -I"$root" -o "$root/build/bench/verdict" "$root/tests/bench/verdict.c" \
    "$root/build/bench/libpolicy.a" -lcjson
strip -o "$root/build/bench/sockwarden.stripped" "$root/build/bench/sockwarden"
# What is measured may be another build of it: SOCKWARDEN=PATH.
SOCKWARDEN=${SOCKWARDEN:-$root/build/bench/sockwarden.stripped} BENCH_PEER=$root/build/bench/peer \
    BENCH_FLOOR=$root/build/bench/floor BENCH_VERDICT=$root/build/bench/verdict exec /usr/bin/python3 "$root/tests/bench/bench.py" "$@"
