# shellcheck shell=bash
# What examples/quickstart.sh and tests/run.sh share: missing packages, builds, a private engine.
# To be sourced. The functions print nothing of their own but what the tools they call print; the caller tells.

# What a build needs (Debian's and Ubuntu's names are the same).
# shellcheck disable=SC2034 # read by those who source this file
BUILD_PACKAGES=(gcc libc6-dev make cmake pkg-config libevent-dev libhttp-parser-dev libcjson-dev libinih-dev libseccomp-dev)

# Runs a command as root: as it is, or through sudo.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

can_be_root() {
    [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null
}

package_installed() {
    dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -x installed >/dev/null
}

# Prints those of the named packages that are not installed, one a line.
missing_packages() {
    local package
    for package in "$@"; do
        package_installed "$package" || printf '%s\n' "$package"
    done
}

# True where apt knows the package; asks the lists as they are, so refresh them first.
package_known() {
    apt-cache policy "$1" 2>/dev/null | grep '^  Candidate: [^(]' >/dev/null
}

# Refreshes apt's lists, once a run. Another apt at work is waited for, up to five minutes. A list that can't be had is
# not fatal here, because the package may be known from another one: the installation tells.
refresh_package_lists() {
    local deadline=$((SECONDS + 300)) said
    [ -z "${package_lists_fresh:-}" ] || return 0
    package_lists_fresh=1
    until said=$(as_root env LC_ALL=C apt-get update 2>&1) || [[ $said != *"get lock"* ]] || [ "$SECONDS" -ge "$deadline" ]; do
        sleep 5
    done
    printf '%s\n' "$said"
}

# Installs the named packages, without the merely recommended ones, waiting up to five minutes for dpkg's lock.
install_packages() {
    refresh_package_lists
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        -o DPkg::Lock::Timeout=300 "$@"
}

# build SOURCE FOLDER [CMAKE ARGUMENT...]: configures and compiles. A folder that was made for another source tree
# (a copied checkout) is begun anew, for CMake would refuse it.
build() {
    local source=$1 folder=$2
    shift 2
    if [ -f "$folder/CMakeCache.txt" ] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$source" "$folder/CMakeCache.txt"; then
        rm -rf "$folder"
    fi
    cmake -S "$source" -B "$folder" "$@" && cmake --build "$folder" -j "$(nproc)"
}

engine_answers() { # SOCKET
    curl -fsS --max-time 5 -o /dev/null --unix-socket "$1" http://docker/_ping 2>/dev/null
}

# start_engine FOLDER: a dockerd of its own whose socket, data and pid file are below FOLDER, and that touches neither
# the firewall nor the bridges. Sets engine_pid; what it says is in FOLDER/log. Needs root.
start_engine() {
    local folder=$1 deadline=$((SECONDS + 60))
    mkdir -p "$folder"
    setsid dockerd -H "unix://$folder/docker.sock" --data-root "$folder/data" --exec-root "$folder/exec" -p "$folder/pid" \
        --iptables=false --ip6tables=false --bridge=none >"$folder/log" 2>&1 </dev/null &
    engine_pid=$!
    until engine_answers "$folder/docker.sock"; do
        if ! kill -0 "$engine_pid" 2>/dev/null || [ "$SECONDS" -ge "$deadline" ]; then
            stop_process "$engine_pid" 10
            return 1
        fi
        sleep 0.2
    done
}

# stop_process PID SECONDS: asks a child to end, waits that long, then ends it by force.
stop_process() {
    local pid=$1 deadline=$((SECONDS + $2))
    kill "$pid" 2>/dev/null
    while kill -0 "$pid" 2>/dev/null && [ "$SECONDS" -lt "$deadline" ]; do
        sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    return 0
}

# remove_tree FOLDER: removes it with what an engine may have left mounted below it.
remove_tree() {
    local point
    while read -r point; do
        as_root umount -l "$point"
    done < <(awk -v folder="$1/" 'index($5, folder) == 1 { print $5 }' /proc/self/mountinfo | sort -r)
    rm -rf --one-file-system "$1" 2>/dev/null || as_root rm -rf --one-file-system "$1"
}
