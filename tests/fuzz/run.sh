#!/usr/bin/env bash
# Builds the fuzzers and runs each over its corpus and then on for a while. See --help and README.md.
set -u -o pipefail
export LC_ALL=C.UTF-8
unset CDPATH
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=examples/common.sh
. "$root/examples/common.sh"

folder=$root/build/fuzz
seconds=10
every=(target rules head body environment file client_stream)

usage() {
    cat <<EOF
usage: tests/fuzz/run.sh [--seconds N] [NAME...]

Builds the fuzzers with clang in build/fuzz, runs each (or the named ones: ${every[*]})
over its kept inputs and then N seconds (10) further, and prints how many inputs were run, and the coverage: cov counts
edges, ft counts features. Exit 1 if anything was found; the input is then in build/fuzz/found.
EOF
}

# Runs one; prints its line. What adds to the coverage is left in build/fuzz/work/NAME, for corpus.sh.
run_fuzzer() { # NAME
    local name=$1 log=$folder/logs/$1.log work=$folder/work/$1 code runs coverage
    mkdir -p "$folder/logs" "$folder/found" "$work"
    "$folder/tests/fuzz/fuzz_$name" "-dict=$here/$name.dict" -max_total_time="$seconds" -max_len=4096 -timeout=60 \
        -rss_limit_mb=3000 -print_final_stats=1 -artifact_prefix="$folder/found/$name-" \
        "$work" "$here/corpus/$name" >"$log" 2>&1
    code=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -n 1)
    coverage=$(grep -ao 'cov: [0-9]* ft: [0-9]*' "$log" | tail -n 1)
    if [ "$code" -eq 0 ]; then
        printf '%-14s ok      %10s inputs  %s\n' "$name" "${runs:-0}" "${coverage:-}"
        return 0
    fi
    printf '%-14s FAILED  %10s inputs  %s\n' "$name" "${runs:-0}" "${coverage:-}"
    grep -aE 'broken promise|ERROR|SUMMARY|Test unit written' "$log" | sed 's/^/    /'
    printf '    the log is %s\n' "$log"
    return 1
}

build_fuzzers() {
    if ! command -v clang >/dev/null; then
        echo "tests/fuzz/run.sh: clang is missing" >&2
        return 1
    fi
    mkdir -p "$folder"
    build "$root" "$folder" -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Release -DSOCKWARDEN_FUZZERS=ON \
        >"$folder/build.log" 2>&1 && return 0
    tail -n 30 "$folder/build.log"
    echo "the fuzzers could not be built, see $folder/build.log"
    return 1
}

main() {
    local names=() failed=0 name
    while [ $# -gt 0 ]; do
        case $1 in
            --help | -h) usage; return 0 ;;
            --seconds)
                if [[ ! ${2:-} =~ ^[0-9]+$ ]] || [ "$2" -eq 0 ]; then
                    echo "tests/fuzz/run.sh: --seconds takes a number above 0" >&2
                    return 2
                fi
                seconds=$2
                shift
                ;;
            *)
                if [[ " ${every[*]} " != *" $1 "* ]]; then
                    echo "tests/fuzz/run.sh: no fuzzer is called $1; there are: ${every[*]}" >&2
                    return 2
                fi
                names+=("$1")
                ;;
        esac
        shift
    done
    [ "${#names[@]}" -gt 0 ] || names=("${every[@]}")
    build_fuzzers || return 1
    for name in "${names[@]}"; do
        run_fuzzer "$name" || failed=1
    done
    return "$failed"
}

main "$@"
