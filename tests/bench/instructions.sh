#!/usr/bin/env bash
# Counts the instructions of a call, a verdict and a relay with callgrind, and compares them with instructions.txt: they are
# the same on every machine with the same compiler and libraries, so a regression shows where times are too noisy.
# Exit 1 where a count is more than a twentieth above the recorded one; those of a mebibyte depend on the pieces that it
# happens to come in, so only four times as much is more. --record writes instructions.txt anew.
set -eu -o pipefail
export LC_ALL=C.UTF-8
unset CDPATH
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=examples/common.sh
. "$root/examples/common.sh"
recorded=$root/tests/bench/instructions.txt

mapfile -t missing < <(missing_packages "${BUILD_PACKAGES[@]}" valgrind)
[ "${#missing[@]}" -eq 0 ] || install_packages "${missing[@]}"
folder=$(mktemp -d)
running=()
trap 'for pid in "${running[@]}"; do kill "$pid" 2>/dev/null; done; rm -rf "$folder"' EXIT
build "$root" "$root/build/bench" -DCMAKE_BUILD_TYPE=Release >"$folder/build.log" 2>&1 ||
    { tail -n 30 "$folder/build.log"; exit 1; }
cc -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -o "$folder/peer" "$root/tests/bench/peer.c"
cc -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -I"$root" -o "$folder/verdict" "$root/tests/bench/verdict.c" \
    "$root/build/bench/libpolicy.a" -lcjson
"$folder/peer" engine "$folder/engine.sock" >"$folder/engine.log" &
running+=($!)

# count COMMAND...: the instructions that the proxy took while a client's command ran, start and end included.
count() {
    local port=$((20000 + RANDOM % 10000)) pid
    rm -f "$folder/proxy.log" "$folder/out"
    env -i PATH="$PATH" SANDBOX=no PUID=0 PGID=0 CONTAINERS=1 POST=1 SOCKET_PATH="$folder/engine.sock" \
        LISTEN="tcp://127.0.0.1:$port" valgrind --tool=callgrind --callgrind-out-file="$folder/out" \
        "$root/build/bench/sockwarden" 2>"$folder/proxy.log" &
    pid=$!
    running+=("$pid")
    until grep -q " sandbox " "$folder/proxy.log" 2>/dev/null; do
        kill -0 "$pid" || { cat "$folder/proxy.log" >&2; exit 1; }
        sleep 0.1
    done
    "$folder/peer" "$1" "$port" "${@:2}" >/dev/null
    kill -TERM "$pid"
    wait "$pid"
    sed -n 's/^summary: //p' "$folder/out"
}

# each NAME UNIT VERB N M ARGUMENT...: what one more unit costs, from a run with N and one with M.
each() {
    local a b
    a=$(count "$3" "$4" "${@:6}")
    b=$(count "$3" "$5" "${@:6}")
    echo "$1 $(((b - a) / (($5 - $4) / $2)))"
}

collected() {
    valgrind --tool=callgrind --callgrind-out-file="$folder/out" "$folder/verdict" "$1" 1 2>&1 >/dev/null |
        sed -n 's/.*Collected : //p'
}

verdict() {
    local a b
    a=$(collected 100)
    b=$(collected 1100)
    echo "verdict $(((b - a) / 1000 / 7))" # seven calls
}

few=$((16 << 20)) many=$((144 << 20)) mebibyte=$((1 << 20))
{
    each call 1 calls 300 1300 /_ping
    each refusal 1 calls 300 1300 /secrets
    verdict
    each download-mebibyte "$mebibyte" download "$few" "$many" 0
    each download-chunked-mebibyte "$mebibyte" download "$few" "$many" 1
    each upload-mebibyte "$mebibyte" upload "$few" "$many" 0
    each upload-chunked-mebibyte "$mebibyte" upload "$few" "$many" 1
    each echo 1 echo 500 2500
} | tee "$folder/now"

if [ "${1:-}" = --record ]; then
    {
        echo "# Instructions in user space, by tests/bench/instructions.sh --record; $(cc --version | sed 1q), libevent" \
            "$(pkg-config --modversion libevent_core), $(ldd --version | sed 1q)"
        cat "$folder/now"
    } >"$recorded"
    exit 0
fi
awk '
    /^#/ { next }
    FNR == NR { before[$1] = $2; next }
    $1 in before { ratio = $2 / before[$1]; limit = $1 ~ /mebibyte/ ? 4 : 1.05; worse = worse || ratio > limit
                   printf "%-28s%10d was %10d  %.3f%s\n", $1, $2, before[$1], ratio, (ratio > limit ? "  MORE" : "") }
    END { exit worse }' "$recorded" "$folder/now"
