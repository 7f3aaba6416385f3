#!/usr/bin/env bash
# Installs what the tests need and runs all of them, or the parts that are named. See --help.
set -u -o pipefail
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 HOME="${HOME:-/root}" PATH="$PATH:/usr/sbin:/sbin"
unset CDPATH
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 2
# shellcheck source=examples/common.sh
. examples/common.sh

python=/usr/bin/python3 # Debian's own: the one that its pytest and docker modules belong to
logs=$root/build/logs

# Each step: its function, the parts that it belongs to, what it shows.
STEPS=(
    "format     | static            | C sources are formatted (clang-format)"
    "shell      | static            | shell scripts are clean (shellcheck)"
    "gcc        | build             | gcc: Release, warnings are errors"
    "clang      | build             | clang: Release, warnings are errors"
    "tidy       | static            | static analysis (clang-tidy)"
    "unit       | unit policy       | unit tests"
    "unit_asan  | unit sanitizers   | unit tests under ASan and UBSan"
    "unit_mem   | unit valgrind     | unit tests under valgrind"
    "dialect    | dialect           | verdicts equal a live HAProxy's"
    "fault      | fault             | fault tests, scripted engine"
    "border     | border            | streams, routes, limits: judged is forwarded"
    "system     | system            | system tests, real engine"
    "clients    | system clients    | real clients, each under exactly its preset"
    "podman     | system podman     | Podman's service and clients, Docker's clients in front of it"
    "quickstart | system quickstart | examples/quickstart.sh --once"
    "service    | service           | INI files, reload, what a service manager hears and passes"
    "image      | image             | the image, built and run on a real engine, in the place of others"
    "arm64      | image arm64       | cross-compiled for arm64, and run there in software"
    "package    | package           | Debian package: built twice, installed, upgraded, purged"
    "boot       | service boot      | the units under a systemd of their own, directive by directive"
    "fault_asan | sanitizers        | fault tests under ASan and UBSan"
    "serv_asan  | sanitizers        | service tests under ASan and UBSan"
    "sys_asan   | sanitizers        | system tests under ASan and UBSan"
    "fuzz       | fuzz              | each fuzzer for FUZZ_SECONDS (15)"
    "soak       | soak              | mixed load and restarts for SOAK_SECONDS (180)"
)

usage() {
    cat <<EOF
usage: tests/run.sh [--no-install] [PART|STEP...]

Installs what is missing with apt-get and npm (as root or with sudo; --no-install: never), then runs the steps of the
named parts, or all. Every step is run, whatever failed before it. Logs are in build/logs. The last line counts test
cases: N passed, N failed, N skipped; a check or a build counts as one. Exit 1 if anything failed. Where no engine can
be started, the system tests are skipped, loudly; with CI=true in the environment that is a failure.

  --list        print the steps with their parts
  --no-install  take the machine as it is
EOF
}

# ---- what is needed ------------------------------------------------------------------------------------------------

PACKAGES=("${BUILD_PACKAGES[@]}" clang clang-format clang-tidy shellcheck libcmocka-dev valgrind haproxy mandoc
    python3 python3-pytest python3-docker curl busybox-static socat systemd systemd-container iproute2 util-linux procps
    git ca-certificates debootstrap dpkg-dev file docker-compose python3-yaml python3-dateutil python3-defusedxml python3-psutil python3-ujson)

# Packages that stand for a command: left alone where the command came from elsewhere (an engine of another make,
# another node). A package that apt doesn't know is passed over: Debian 12 has no docker-cli of its own, for docker.io
# holds it.
COMMAND_PACKAGES=(dockerd:docker.io docker:docker-cli podman:podman
    docker-compose:docker-compose node:nodejs npm:npm)

# Clients whose packages would also start a service: their files are unpacked in build/packages and run from there.
UNPACKED_PACKAGES=(prometheus glances)

needed_packages() {
    local pair
    missing_packages "${PACKAGES[@]}"
    for pair in "${COMMAND_PACKAGES[@]}"; do
        command -v "${pair%%:*}" >/dev/null || printf '%s\n' "${pair#*:}"
    done
}

# What the lock file says, unless that is what is there.
install_node_modules() { # FOLDER
    [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ] ||
        (cd "$1" && npm ci --no-audit --no-fund --no-update-notifier)
}

# Installs the package if it is missing and apt knows it.
install_known() {
    package_installed "$1" || ! package_known "$1" || ! can_be_root || install_packages "$1"
}

unpack_package() { # PACKAGE
    local folder=$root/build/packages/$1 download
    [ ! -e "$folder" ] && ! command -v "$1" >/dev/null && package_known "$1" || return 0
    download=$(mktemp -d "$work/download.XXXXXX") || return 1
    (cd "$download" && apt-get download "$1") && mkdir -p "$root/build/packages" &&
        dpkg-deb -x "$download"/*.deb "$folder.part" && mv "$folder.part" "$folder"
}

step_install() {
    local needed known=() package
    mapfile -t needed < <(needed_packages)
    if [ "${#needed[@]}" -gt 0 ]; then
        if ! command -v apt-get >/dev/null || ! can_be_root; then
            echo "cannot install (needs apt-get, and root or sudo): ${needed[*]}"
            return 1
        fi
        refresh_package_lists
        for package in "${needed[@]}"; do
            if package_known "$package"; then
                known+=("$package")
            else
                echo "apt knows no package $package; going on without it"
            fi
        done
        [ "${#known[@]}" -eq 0 ] || install_packages "${known[@]}" || return 1
    fi
    # The fuzzers' run-time; its package carries the version of clang in its name.
    install_known "libclang-rt-$(clang -dumpversion | cut -d . -f 1)-dev" || return 1
    # BuildKit's client: part of the CLI up to 20.10, a plugin since.
    docker buildx version >/dev/null 2>&1 || install_known docker-buildx || return 1
    for package in "${UNPACKED_PACKAGES[@]}"; do
        unpack_package "$package" || return 1
    done
    install_node_modules tests/system/dockerode
}

# ---- builds --------------------------------------------------------------------------------------------------------

declare -A built=() # build name -> ok or failed, so that each is made once a run

make_build() { # NAME CMAKE ARGUMENT...
    local name=$1
    shift
    if [ -z "${built[$name]:-}" ]; then
        if build "$root" "$root/build/$name" -DSOCKWARDEN_WERROR=ON -DSOCKWARDEN_TESTS=ON "$@"; then
            built[$name]=ok
        else
            built[$name]=failed
        fi
    fi
    [ "${built[$name]}" = ok ] || { echo "the build $name failed"; return 1; }
}

step_gcc() { make_build gcc -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=gcc; }
step_clang() { make_build clang -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=clang; }
build_asan() { make_build asan -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=gcc -DSOCKWARDEN_SANITIZE=ON; }
build_mem() {
    make_build valgrind -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=gcc \
        "-DSOCKWARDEN_TEST_WRAPPER=valgrind;--quiet;--leak-check=full;--show-leak-kinds=all;--errors-for-leak-kinds=definite,indirect,possible;--error-exitcode=99"
}

# ---- steps -----------------------------------------------------------------------------------------------------------
# Each returns 0, or 77 where this machine can't do it (its last line says why), or another code for a failure. One that
# runs test cases leaves them in $work/STEP.xml.

c_files() {
    find policy proxy docs tests -name node_modules -prune -o -type f -name '*.[ch]' -print0
}

# Each version of clang-format lays some lines out in another way; the sources follow that of Debian 12.
step_format() {
    local tool
    tool=$(command -v clang-format-14 || command -v clang-format)
    if [[ $("$tool" --version) != *"version 14."* ]]; then
        echo "the sources are formatted with clang-format 14, this machine has $("$tool" --version)"
        return 77
    fi
    c_files | xargs -0 "$tool" --dry-run -Werror
}

step_shell() {
    local scripts
    mapfile -t scripts < <(find .ci examples docs tests docker -name node_modules -prune -o -type f \
        \( -name '*.sh' -o -name '*.bash' -o -path .ci/run \) -print 2>/dev/null)
    shellcheck -x "${scripts[@]}"
}

step_tidy() {
    step_clang &&
        find policy proxy docs -name '*.c' -print0 | xargs -0 -n 1 -P "$(nproc)" clang-tidy --quiet -p build/clang
}

run_ctest() { # BUILD
    ctest --test-dir "build/$1" -j "$(nproc)" --no-tests=error --timeout 300 --output-on-failure \
        --test-output-size-passed 100000000 --test-output-size-failed 100000000 --output-junit "$work/$step.xml"
}

step_unit() { step_gcc && run_ctest gcc; }
step_unit_asan() { build_asan && run_ctest asan; }
step_unit_mem() { build_mem && run_ctest valgrind; }

# Starting an engine, and running the program as somebody else, need root.
as_root_where_possible() {
    if can_be_root; then as_root "$@"; else "$@"; fi
}

run_pytest() { # BUILD FOLDER
    # A copy, for some tests run the program as a user who may not look into this checkout.
    install -D "build/$1/sockwarden" "$work/$1/sockwarden" || return 1
    install -D "build/$1/tests/unit/sandbox_probe" "$work/$1/sandbox_probe" || return 1
    as_root_where_possible env "SOCKWARDEN=$work/$1/sockwarden" "${test_environment[@]}" "$python" -m pytest \
        -p no:cacheprovider --basetemp "$work/pytest" --durations 10 -ra --tb short --junitxml "$work/$step.xml" "$2"
}

step_dialect() { step_gcc && run_pytest gcc tests/dialect; }
step_fault() { step_gcc && run_pytest gcc tests/fault; }
step_border() { step_gcc && run_pytest gcc tests/border; }
step_system() { need_engine || no_engine || return; step_gcc && run_pytest gcc tests/system; }
step_clients() { need_engine || no_engine || return; step_gcc && run_pytest gcc tests/clients; }
step_podman() { need_podman || no_engine || return; step_gcc && run_pytest gcc tests/podman; }
step_package() { step_gcc && run_pytest gcc tests/package; }
step_service() { step_gcc && run_pytest gcc tests/service; }
step_image() { need_engine || no_engine || return; step_gcc && run_pytest gcc tests/image; }
step_boot() { step_gcc && run_pytest gcc tests/boot; }
step_arm64() { need_engine || no_engine || return; step_gcc && run_pytest gcc tests/arm64; }
step_serv_asan() { build_asan && run_pytest asan tests/service; }
step_fault_asan() { build_asan && run_pytest asan tests/fault; }
step_sys_asan() { need_engine || no_engine || return; build_asan && run_pytest asan tests/system; }
step_soak() {
    need_engine || no_engine || return
    step_gcc && run_pytest gcc tests/soak
}

# One line a fuzzer: its name, ok or FAILED, figures.
step_fuzz() {
    local code
    tests/fuzz/run.sh --seconds "${FUZZ_SECONDS:-15}" | tee "$work/fuzz.txt"
    code=$?
    awk 'BEGIN { print "<testsuite>" } END { print "</testsuite>" }
        $2 == "ok" || $2 == "FAILED" {
            printf "<testcase classname=\"fuzz\" name=\"%s\">%s</testcase>\n", $1, $2 == "ok" ? "" : "<failure/>"
        }' "$work/fuzz.txt" >"$work/fuzz.xml"
    return "$code"
}

step_quickstart() { need_engine || no_engine || return; examples/quickstart.sh --once --port 0 </dev/null; }

# Whether the tests' private engine can be started; asked once. Why not is in build/logs/engine.log.
engine_starts() {
    if [ -z "${engine_verdict:-}" ]; then
        engine_verdict=no
        as_root_where_possible env PYTHONPATH=tests "${test_environment[@]}" "$python" -c '
import sys
from harness.engine import Engine, missing_engine
sys.exit(missing_engine() or Engine().start().stop())' >"$logs/engine.log" 2>&1 && engine_verdict=yes
    fi
    [ "$engine_verdict" = yes ]
}

need_engine() {
    engine_starts && return 0
    tail -n 20 "$logs/engine.log"
    echo "NO ENGINE could be started, see $logs/engine.log"
    return 1
}

need_podman() {
    as_root_where_possible env PYTHONPATH=tests "${test_environment[@]}" "$python" -c '
import sys
from harness.podman import PodmanService, missing_podman
sys.exit(missing_podman() or PodmanService().start().stop())' >"$logs/podman-service.log" 2>&1 && return 0
    tail -n 20 "$logs/podman-service.log"
    echo "NO PODMAN could be started, see $logs/podman-service.log"
    return 1
}

# A missing engine fails CI, and is a skip elsewhere.
no_engine() { [ "${CI:-}" = true ] && return 1 || return 77; }

# ---- running and counting ------------------------------------------------------------------------------------------

passed=0 failed=0 skipped=0
failures=() skips=()

say() { printf '%s\n' "$*"; }

# Adds what a step did to the totals; prints its line, and for a failure its cases and the end of its log.
account() { # EXIT CODE, SECONDS
    local code=$1 seconds=$2 p=0 f=0 s=0 detail="" log=$logs/$step.log
    if [ "$code" -eq 77 ]; then
        skipped=$((skipped + 1))
        skips+=("$step: $(tail -n 1 "$log")")
        say "      SKIPPED: $(tail -n 1 "$log")"
        return
    fi
    if [ -s "$work/$step.xml" ] && "$python" tests/count_cases.py "$work/$step.xml" >"$work/$step.cases" 2>&1; then
        read -r p f s <"$work/$step.cases"
        sed 1d "$work/$step.cases" >>"$log"
        [ "$code" -eq 0 ] || [ "$f" -gt 0 ] || f=1
        [ "$f" -eq 0 ] || code=1
        detail=": $p passed, $f failed, $s skipped"
    elif [ "$code" -eq 0 ]; then
        p=1
    else
        f=1
    fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    [ "$s" -eq 0 ] || skips+=("$step: $s skipped, see $log")
    if [ "$code" -eq 0 ]; then
        say "      ok$detail (${seconds} s)"
        return
    fi
    failures+=("$step, see $log")
    say "      FAILED$detail (${seconds} s)"
    [ -s "$work/$step.cases" ] && grep '^failed' "$work/$step.cases" | head -n 40 | sed 's/^/      ! /'
    say "      the end of $log:"
    tail -n 40 "$log" | sed 's/^/      | /'
}

run_step() { # NAME TEXT
    local begin=$SECONDS code
    step=$1
    say "[$(date +%H:%M:%S)] $step: $2"
    "step_$step" >"$logs/$step.log" 2>&1
    code=$?
    account "$code" $((SECONDS - begin))
}

finish() {
    trap - EXIT
    [ -z "${work:-}" ] || remove_tree "$work"
}

parse_arguments() {
    while [ $# -gt 0 ]; do
        case $1 in
            --help | -h) usage && exit 0 ;;
            --list) printf '%s\n' "${STEPS[@]}" && exit 0 ;;
            --no-install) install=no ;;
            all) ;;
            *)
                if ! printf '%s\n' "${STEPS[@]}" | cut -d '|' -f 1,2 | grep -w -e "$1" >/dev/null; then
                    echo "tests/run.sh: no part or step is called $1; see --help and --list" >&2
                    exit 2
                fi
                wanted+=("$1")
                ;;
        esac
        shift
    done
}

# True where the step of this name and these parts was asked for: by either, or by asking for nothing.
is_wanted() { # NAME PARTS
    local choice
    [ "${#wanted[@]}" -gt 0 ] || return 0
    for choice in "${wanted[@]}"; do
        [[ " $1 $2 " != *" $choice "* ]] || return 0
    done
    return 1
}

run_steps() {
    local row name parts text
    for row in "${STEPS[@]}"; do
        IFS='|' read -r name parts text <<<"$row"
        name=${name// /}
        if is_wanted "$name" "$parts"; then
            run_step "$name" "${text# }"
        fi
    done
}

install=yes wanted=()
parse_arguments "$@"
mkdir -p "$logs"
work=$(mktemp -d /tmp/sw-tests.XXXXXX) || exit 2
chmod 755 "$work" # a proxy under another user must reach its engine below it
trap finish EXIT
trap 'exit 130' INT TERM HUP
export TMPDIR=$work ASAN_OPTIONS=detect_leaks=1:exitcode=99 UBSAN_OPTIONS=print_stacktrace=1

[ "$install" = no ] || run_step install "what the tests need and this machine lacks"
# The engine's own CLI before another one that may be installed beside it.
docker=${DOCKER:-/usr/bin/docker}
[ -x "$docker" ] || docker=$(command -v docker)
# What sudo would take away.
test_environment=("PATH=$PATH" "TMPDIR=$TMPDIR" "LC_ALL=$LC_ALL" PYTHONDONTWRITEBYTECODE=1 "CI=${CI:-}" "DOCKER=$docker"
    "SOAK_SECONDS=${SOAK_SECONDS:-180}")
run_steps

say
[ "${#skips[@]}" -eq 0 ] || printf 'skipped: %s\n' "${skips[@]}"
[ "${#failures[@]}" -eq 0 ] || printf 'FAILED: %s\n' "${failures[@]}"
say "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
