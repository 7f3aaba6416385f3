#!/bin/bash
# Builds the package of this tree: build.sh [FOLDER], by default build/package. Prints its path. The same tree on the same
# machine gives the same bytes: names of folders are kept out of the program, and all times are that of the last commit
# (or SOURCE_DATE_EPOCH).
set -euo pipefail
for program in cmake dpkg-shlibdeps file; do
    command -v "$program" >/dev/null || {
        echo "build.sh: $program is missing (Debian: apt-get install cmake dpkg-dev file)" >&2
        exit 1
    }
done
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(realpath -m "${1:-$root/build/package}")
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH

cmake -S "$root" -B "$folder" -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/usr \
    -DSOCKWARDEN_REPRODUCIBLE=ON >&2
rm -f "$folder/sockwarden.spdx.json" # its date may be another one now
cmake --build "$folder" >&2
(cd "$folder" && cpack -G DEB >&2)
ls "$folder"/*.deb
