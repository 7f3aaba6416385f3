#!/usr/bin/env bash
# Takes into the kept corpus what adds to its coverage: corpus.sh NAME [FOLDER...], after run.sh has built the fuzzers.
# Without a folder it takes what the runs of run.sh left. Inputs that found something (found-*) are always kept.
# FUZZERS names another folder with the programs.
set -eu -o pipefail
export LC_ALL=C.UTF-8
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(cd "$here/../.." && pwd)/build/fuzz
most=300

if [ $# -eq 0 ]; then
    echo "usage: tests/fuzz/corpus.sh NAME [FOLDER...]" >&2
    exit 2
fi
name=$1
shift
[ $# -gt 0 ] || set -- "$folder/work/$name"
corpus=$here/corpus/$name
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$corpus" "$work/kept"

# A fuzzer that is still running drops files on the way.
cp -r "$corpus" "$work/all"
for source; do
    cp -rn "$source/." "$work/all" 2>/dev/null || true
done

# libFuzzer (of clang 13 or newer) copies a small set of inputs that has the coverage of all: by edges, or also by how often each was taken.
merge() { # FOLDER ARGUMENT...
    local into=$1
    shift
    mkdir -p "$into"
    if ! "${FUZZERS:-$folder/tests/fuzz}/fuzz_$name" -set_cover_merge=1 -max_len=4095 -timeout=60 "$@" "$into" "$work/all" \
        2>"$work/log"; then
        tail -n 20 "$work/log"
        exit 1
    fi
}
merge "$work/edges" -use_counters=0
merge "$work/counts"

find "$corpus" -name 'found-*' -exec cp -t "$work/kept" {} +
find "$work/edges" "$work/counts" -type f -size -4096c >"$work/list"
while read -r file; do
    [ "$(find "$work/kept" -type f | wc -l)" -lt "$most" ] || break
    cp "$file" "$work/kept/$(sha1sum "$file" | cut -c 1-12)"
done <"$work/list"
rm -rf "$corpus"
mv "$work/kept" "$corpus"
chmod -R u=rwX,go=rX "$corpus"
printf '%s: %s inputs, %s bytes\n' "$name" "$(find "$corpus" -type f | wc -l)" \
    "$(find "$corpus" -type f -printf '%s\n' | awk '{s += $1} END {print s + 0}')"
