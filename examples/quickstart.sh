#!/usr/bin/env bash
# Builds sockwarden, starts it in front of a Docker engine and shows real calls through it. See --help.
set -u -o pipefail
unset CDPATH
export PATH="$PATH:/usr/sbin:/sbin" # where dockerd is
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=examples/common.sh
. "$root/examples/common.sh"

once="" built="" port=2375
work="" engine="" address="" proxy_pid="" engine_pid="" events_pid="" tail_pid="" volume=""

usage() {
    cat <<EOF
usage: examples/quickstart.sh [--once] [--port N]

  1. installs what a build needs and this machine lacks (Debian and Ubuntu: apt-get, as root or with sudo)
  2. builds sockwarden in build/release
  3. finds this machine's engine at /var/run/docker.sock; where none answers, installs docker.io if need be and
     starts a private engine in a temporary folder, to be ended with this script
  4. starts sockwarden on 127.0.0.1:2375 in front of it, with CONTAINERS=1 and INFO=1
  5. shows two calls that are granted, one that is refused, and a live event stream

Then it serves until Ctrl-C. Nothing of it stays behind but the installed packages and the build folder.

  --once     end after step 5
  --port N   listen on another port; 0 takes any that is free
EOF
}

step() { printf '\n[%s/5] %s\n' "$1" "$2"; }
tell() { printf '      %s\n' "$*"; }
tell_file() { tail -n 20 "$1" | cut -c 1-200 | sed 's/^/      | /'; }

# fail CAUSE MEND [LOG]
fail() {
    {
        printf '\nquickstart: failed: %s\n' "$1"
        [ ! -s "${3:-}" ] || { tell "The end of $3:" && tell_file "$3"; }
        printf 'quickstart: the mend: %s\n' "$2"
    } >&2
    exit 1
}

cleanup() {
    trap - EXIT INT TERM HUP
    [ -z "$tail_pid" ] || stop_process "$tail_pid" 1
    [ -z "$events_pid" ] || stop_process "$events_pid" 1
    [ -z "$volume" ] || curl -s -o /dev/null -X DELETE --unix-socket "$engine" "http://docker/volumes/$volume"
    [ -z "$proxy_pid" ] || stop_process "$proxy_pid" 10
    [ -z "$engine_pid" ] || stop_process "$engine_pid" 30
    [ -z "$work" ] || remove_tree "$work"
}

# wait_for SECONDS COMMAND...: true as soon as the command is.
wait_for() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}

# ---- 1 and 2: packages and build -----------------------------------------------------------------------------------

have_prerequisites() {
    local command
    for command in cc cmake make pkg-config curl; do
        command -v "$command" >/dev/null || return 1
    done
    pkg-config --exists libevent_core libevent_extra libcjson inih libseccomp || return 1
    printf '#include <http_parser.h>\n' | cc -E - >/dev/null 2>&1
}

install_prerequisites() {
    local missing log=$work/apt.log
    step 1 "packages: compiler, cmake, curl, libevent, http-parser, cJSON, inih, libseccomp"
    if have_prerequisites; then
        tell "all there, nothing to install"
        return
    fi
    command -v apt-get >/dev/null ||
        fail "this is neither Debian nor Ubuntu (no apt-get)" \
            "install a C compiler, make, cmake, pkg-config, curl and the development files of libevent, http-parser, cJSON, inih and libseccomp, then run this again"
    mapfile -t missing < <(missing_packages "${BUILD_PACKAGES[@]}" curl)
    can_be_root ||
        fail "these packages are missing, and there is neither root nor sudo to install them: ${missing[*]}" \
            "as root: apt-get install ${missing[*]}"
    tell "installing ${missing[*]} …"
    install_packages "${missing[@]}" >"$log" 2>&1 ||
        fail "apt-get could not install them" "see what it says; by hand, as root: apt-get update && apt-get install ${missing[*]}" "$log"
    have_prerequisites ||
        fail "the packages are installed, but the build's needs are not met" \
            "see which of cc, cmake, make, pkg-config, curl, libevent, libcjson, inih, libseccomp, http_parser.h is missing"
}

build_sockwarden() {
    local log=$root/build/quickstart.log
    step 2 "build: $root/build/release"
    if ! mkdir -p "$root/build" || ! : >"$log"; then
        fail "$(id -un) can't write in $root/build" "make the folder yours, or remove it: rm -r $root/build"
    fi
    build "$root" "$root/build/release" -DCMAKE_BUILD_TYPE=Release >"$log" 2>&1 ||
        fail "the build failed" "read the first error in it; for a clean build remove $root/build/release" "$log"
    tell "$("$root/build/release/sockwarden" --version)"
}

# ---- 3: the engine -------------------------------------------------------------------------------------------------

# The rest needs the right to open the engine's socket, or root to start one: goes on as root where it must.
become_root_if_needed() {
    if [ "$(id -u)" -eq 0 ] || engine_answers /var/run/docker.sock; then
        return
    fi
    command -v sudo >/dev/null ||
        fail "$(id -un) can't use /var/run/docker.sock, and there is no sudo" \
            "run this as root, or as a member of the socket's group: $(stat -c %G /var/run/docker.sock 2>/dev/null || echo docker)"
    sudo -v ||
        fail "$(id -un) can't use /var/run/docker.sock, and sudo does not make it root" "run this as root"
    tell "going on as root, by sudo: $(id -un) can't use /var/run/docker.sock"
    remove_tree "$work"
    exec sudo "$root/examples/quickstart.sh" --built --port "$port" ${once:+--once}
}

find_engine() {
    local log=$work/apt.log
    step 3 "engine"
    become_root_if_needed
    engine=/var/run/docker.sock
    if engine_answers "$engine"; then
        tell "this machine's own, at $engine"
        return
    fi
    if [ -e "$engine" ]; then
        tell "$engine is there, but nothing answers on it"
    fi
    if ! command -v dockerd >/dev/null; then
        command -v apt-get >/dev/null ||
            fail "there is no engine, and no apt-get to install one" "install Docker, start it, and run this again"
        tell "none here; installing docker.io …"
        install_packages docker.io >"$log" 2>&1 ||
            fail "apt-get could not install docker.io" "see what it says; or install Docker in another way, and run this again" "$log"
    fi
    tell "starting a private one in $work/engine"
    start_engine "$work/engine" ||
        fail "the private engine did not start" \
            "see what dockerd says; in a container it needs the right to mount and to make cgroups (--privileged)" "$work/engine/log"
    engine=$work/engine/docker.sock
}

# ---- 4: the proxy --------------------------------------------------------------------------------------------------

proxy_listens_or_ended() {
    grep -q ' listening address=' "$work/sockwarden.log" || ! kill -0 "$proxy_pid" 2>/dev/null
}

start_proxy() {
    local log=$work/sockwarden.log
    step 4 "sockwarden on 127.0.0.1:$port, in front of $engine"
    if [ "$port" -ne 0 ] && (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
        fail "something listens on port $port already" \
            "see what it is (ss -ltnp 'sport = :$port') and end it, or take another port: examples/quickstart.sh --port 12375"
    fi
    tell "CONTAINERS=1 INFO=1 SOCKET_PATH=$engine LISTEN=tcp://127.0.0.1:$port build/release/sockwarden"
    : >"$log"
    setsid env -i PATH="$PATH" CONTAINERS=1 INFO=1 "SOCKET_PATH=$engine" "LISTEN=tcp://127.0.0.1:$port" \
        "$root/build/release/sockwarden" >"$log" 2>&1 </dev/null &
    proxy_pid=$!
    wait_for 10 proxy_listens_or_ended
    if ! kill -0 "$proxy_pid" 2>/dev/null || ! grep -q ' listening address=' "$log"; then
        fail "sockwarden did not start" "see what it says" "$log"
    fi
    address=$(sed -n 's/.* listening address="\{0,1\}tcp:\/\/\([^" ]*\).*/\1/p' "$log" | head -n 1)
    tell_file "$log"
}

# ---- 5: what it does -----------------------------------------------------------------------------------------------

# show STATUS METHOD TARGET: makes a call through the proxy and shows it; any other status than STATUS is a failure.
show() {
    local wanted=$1 method=$2 target=$3 status
    tell "\$ curl -X $method http://$address$target"
    status=$(curl -sS --max-time 30 -X "$method" -o "$work/answer" -w '%{http_code}' "http://$address$target" 2>"$work/curl.log") ||
        fail "curl got no answer" "see what it says and $work/sockwarden.log" "$work/curl.log"
    tell "  $status $(head -c 160 "$work/answer" | tr '\n' ' ')"
    [ "$status" = "$wanted" ] ||
        fail "the answer should have been $wanted" "see the log of sockwarden" "$work/sockwarden.log"
}

events_begun() { grep -q '^HTTP/1.1 200' "$work/events.head" 2>/dev/null; }
events_seen() { [ "$(grep -c "$volume" "$work/events")" -ge 2 ]; }

make_and_remove_volume() {
    curl -fsS -o /dev/null --unix-socket "$engine" -H 'Content-Type: application/json' -d "{\"Name\":\"$volume\"}" \
        http://docker/volumes/create &&
        curl -fsS -o /dev/null --unix-socket "$engine" -X DELETE "http://docker/volumes/$volume"
}

show_events() {
    local target='/events?filters=%7B%22type%22%3A%5B%22volume%22%5D%7D'
    tell "\$ curl -N http://$address$target"
    curl -sN -D "$work/events.head" "http://$address$target" >"$work/events" 2>/dev/null &
    events_pid=$!
    wait_for 10 events_begun || fail "the event stream did not begin" "see the log of sockwarden" "$work/sockwarden.log"
    volume=sockwarden-quickstart-$$
    tell "  it is open; making and removing the volume $volume on the engine's own socket"
    make_and_remove_volume 2>"$work/curl.log" || fail "the engine did not make or remove the volume" "see what it says" "$work/curl.log"
    wait_for 10 events_seen || fail "the events did not arrive" "see the log of sockwarden" "$work/sockwarden.log"
    cut -c 1-160 "$work/events" | sed 's/^/        /'
    volume=""
    stop_process "$events_pid" 2
    events_pid=""
}

show_calls() {
    step 5 "calls"
    tell "granted, for VERSION=1 is the default and CONTAINERS=1 is set:"
    show 200 GET /version
    show 200 GET /containers/json
    tell "refused, with the setting that would grant it:"
    show 403 POST /containers/create
    tell "and what the log says of it:"
    grep ' refused ' "$work/sockwarden.log" | tail -n 1 | sed 's/^/        /'
    tell "a live stream:"
    show_events
}

serve() {
    printf '\nServing on %s until Ctrl-C. In another terminal:\n' "$address"
    tell "export DOCKER_HOST=tcp://$address"
    tell "docker ps"
    printf 'The log:\n'
    tail -n 0 -f "$work/sockwarden.log" &
    tail_pid=$!
    trap 'printf "\nstopping\n"; cleanup; exit 0' INT TERM HUP
    wait "$proxy_pid"
    fail "sockwarden ended by itself" "see what it says" "$work/sockwarden.log"
}

while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) usage && exit 0 ;;
        --once) once=yes ;;
        --built) built=yes ;; # the second half of a run that goes on as root
        --port)
            [[ ${2:-} =~ ^[0-9]{1,5}$ ]] || { usage >&2 && exit 2; }
            port=$2
            shift
            ;;
        *) usage >&2 && exit 2 ;;
    esac
    shift
done
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
work=$(mktemp -d /tmp/sockwarden-quickstart.XXXXXX) || fail "no temporary folder can be made in /tmp" "free some room there"
if [ -z "$built" ]; then
    install_prerequisites
    build_sockwarden
fi
find_engine
start_proxy
show_calls
[ -n "$once" ] || serve
printf '\nAll of it worked. Without --once it goes on serving: examples/quickstart.sh\n'
