#!/bin/bash
# Every check and every test, one line each; the last line counts them.
#
#   tests/run.sh             what every change has to pass (about 35 minutes on two cores)
#   tests/run.sh --long      also: longer fuzzing, the soak of the benchmark, each deliberate breakage,
#                            more processors under qemu
#   tests/run.sh --no-setup  installs nothing; what is not there is skipped, and said
#
# Logs are in target/checks. What needs the standard's schemas and models finds them in ../shared or
# in the folder that CWMPD_SHARED names; without them those tests say that they were skipped.
# tests/README.md tells more.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

long=no setup=yes
for option; do
  case $option in
    --long) long=yes ;;
    --no-setup) setup=no ;;
    *) sed -n '2,11s/^# \{0,1\}//p' tests/run.sh && exit 2 ;;
  esac
done

# Little debug information: links faster and fits small disks.
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0 CARGO_TERM_COLOR=never
export CWMPD_SHARED=${CWMPD_SHARED:-$PWD/../shared}
# nginx is where only root looks.
export PATH=$PATH:/usr/sbin:/sbin
logs=target/checks
mkdir -p "$logs"
passed=0 failed=0 skipped=0 without_networks=all

# check NAME COMMAND...: one check, its output kept. Exit code 77 says that it cannot be done here.
check() {
  local name=$1 start=$SECONDS status=0
  shift
  "$@" >"$logs/$name.log" 2>&1 || status=$?
  if [ $status = 77 ]; then
    skip "$name" "$(tail -n 1 "$logs/$name.log" | sed 's/^skipped: //')"
  elif [ $status = 0 ]; then
    passed=$((passed + 1))
    printf 'ok       %-22s %4d s\n' "$name" $((SECONDS - start))
  else
    failed=$((failed + 1))
    printf 'FAILED   %-22s %4d s   %s\n' "$name" $((SECONDS - start)) "$logs/$name.log"
    tail -n 60 "$logs/$name.log" | sed 's/^/    /'
  fi
}

skip() {
  skipped=$((skipped + 1))
  printf 'skipped  %-22s %s\n' "$1" "$2"
}

# check_if TOOL NAME COMMAND...: skipped where the tool is not installed.
check_if() {
  local tool=$1
  shift
  if command -v "$tool" >/dev/null; then check "$@"; else skip "$1" "$tool is not installed"; fi
}

# ---- what no compiler checks -----------------------------------------------------------------

# Which room uses which, what is left open, which option a message names: see tests/house.
house() { cargo test --locked --test house; }

# Without the feature `inside`, so that the compiler finds what only tests use.
dead_code() { cargo clippy --locked -p cwmpd --lib --bins -- -D warnings; }

# Whole without the parts that a build may leave out, and with each alone; with --long also the tests
# of each.
features() {
  local parts part
  parts=$(sed -n 's/^default = \[\(.*\)\]$/\1/p' Cargo.toml | tr -d '",')
  for part in '' $parts; do
    set -- --locked -p cwmpd --no-default-features --features "$part"
    cargo clippy "$@" --lib --bins -- -D warnings || return 1
    if [ -z "$part" ] || [ $long = yes ]; then
      cargo clippy "$@" --all-targets -- -D warnings || return 1
    fi
  done
  cargo test --locked -p cwmpd --no-default-features --lib --test agent -- agent:: cli:: cwmp:: left_out::
}

# The program carries one TLS stack and no async runtime (TR-069 needs neither more).
lean_dependencies() {
  local names
  names=$(cargo tree --locked -p cwmpd -e normal --prefix none --format '{p}') || return 1
  ! grep -E '^(tokio|async-std|smol|serde|regex|url|idna|rustls|ring|aws-lc-rs|igd-next) ' <<<"$names"
}

scripts() {
  shellcheck -S warning tests/*.sh .ci/run openwrt-package/*.sh &&
    shellcheck -S warning -s dash openwrt-package/files/*.init openwrt-package/files/*.ntp \
      openwrt-package/files/*.defaults openwrt-package/files/*.dhcp openwrt-package/files/*.sh openwrt-package/scripts-14.07/* tests/openwrt/procd/*
}

# ---- tests -----------------------------------------------------------------------------------

# All tests; each counts by itself. One that fails is tried once more, by itself: real sockets, kills
# and clocks beside hundreds of others on a busy machine can go wrong once. It is told all the same.
tests() {
  local log=$logs/tests.log again=$logs/tests-again.log start=$SECONDS status=0 ok bad names=()
  cargo test --locked --workspace --no-fail-fast >"$log" 2>&1 || status=$?
  ok=$(results passed "$log") bad=$(results failed "$log")
  mapfile -t names < <(sed -nE 's/^test (.*) \.\.\. FAILED$/\1/p' "$log" | sort -u)
  # What did not get to its end, or does not compile, has nothing to be tried again.
  if [ $status -ne 0 ] && [ ${#names[@]} = "$bad" ] && [ "$bad" -gt 0 ] && [ "$bad" -le "$MAX_UNSTEADY" ]; then
    status=0
    cargo test --locked --workspace --no-fail-fast -- --exact "${names[@]}" --test-threads=1 >"$again" 2>&1 || status=$?
    if [ $status = 0 ] && [ "$(results passed "$again")" -ge "$bad" ]; then
      printf 'unsteady %s\n' "${names[@]}"
      ok=$((ok + bad)) bad=0
    fi
  fi
  if [ $status -ne 0 ] && [ "$bad" = 0 ]; then bad=1; fi
  passed=$((passed + ok)) failed=$((failed + bad))
  if [ "$bad" = 0 ]; then
    printf 'ok       %-22s %4d s   %d tests\n' tests $((SECONDS - start)) "$ok"
  else
    printf 'FAILED   %-22s %4d s   %s\n' tests $((SECONDS - start)) "$log"
    grep -nE '^(error|warning: unused|test .* FAILED|---- |thread .* panicked)' -A 6 "$log" | head -n 120 | sed 's/^/    /'
  fi
  grep -hE '^skipped: ' "$log" | sort -u | sed 's/^/         /'
  without_networks=$(grep -cE 'skipped: (network namespaces|`(ip|nft) )' "$log")
}

# More failures than this are no chance.
MAX_UNSTEADY=3

# results passed|failed LOG: how many tests did.
results() { sed -nE "s/^test result: .* ([0-9]+) $1; .*/\1/p" "$2" | paste -sd+ - | add_up; }

add_up() { local sum; read -r sum; echo $((${sum:-0})); }

# Coverage-guided, with the stable compiler: what `cargo fuzz` passes, without its sanitizer.
# What is found stays in target/fuzz/corpus for the next time.
fuzz() {
  local target=$1 seconds=$2 host flags="--cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1"
  local option
  for option in level=4 inline-8bit-counters pc-table trace-compares; do
    flags+=" -Cllvm-args=-sanitizer-coverage-$option"
  done
  host=$(rustc -vV | sed -n 's/^host: //p')
  RUSTFLAGS=$flags cargo build --manifest-path tests/fuzz/Cargo.toml --release --bin "$target" \
    --target "$host" --target-dir target/fuzz || return 1
  local corpus=target/fuzz/corpus/$target
  mkdir -p "$corpus"
  "target/fuzz/$host/release/$target" -max_total_time="$seconds" -rss_limit_mb=1024 -timeout=10 \
    -artifact_prefix="$corpus-" -dict="tests/fuzz/seeds/$target.dict" "$corpus" \
    "tests/fuzz/seeds/$target" || return 1 # 77, which it ends with, is what cannot be done here
}

docs() {
  export RUSTDOCFLAGS='-D warnings'
  cargo doc --locked --workspace --no-deps && cargo doc --locked --no-deps --document-private-items --features inside
}

# ---- the round -------------------------------------------------------------------------------

if [ $setup = yes ]; then check setup tests/setup.sh check; fi
check house house
check dependencies lean_dependencies
check_if shellcheck scripts scripts
check_if cargo-fmt format cargo fmt --all --check
check_if cargo-clippy clippy cargo clippy --locked --workspace --all-targets -- -D warnings
check_if cargo-clippy dead-code dead_code
check_if cargo-clippy features features
check docs docs
check msrv tests/msrv.sh
if oracle=$(tests/uci-oracle.sh 2>"$logs/uci-oracle.log"); then
  export CWMPD_UCI_ORACLE=$oracle
else
  skip uci-oracle "OpenWrt's uci did not build, see $logs/uci-oracle.log"
fi
tests
for target in tests/fuzz/targets/*.rs; do
  target=$(basename "$target" .rs)
  check_if c++ "fuzz-$target" fuzz "$target" "$([ $long = yes ] && echo 300 || echo 10)"
done
check feed-build tests/feed-build.sh
check demo tests/demo.sh
if [ $long = yes ]; then check bench tests/bench.sh; else check bench tests/bench.sh --quick; fi
check_if cargo-deny deny cargo deny --locked --config .ci/deny.toml check bans licenses sources
if [ -d "${CARGO_HOME:-$HOME/.cargo}/advisory-db" ]; then
  check_if cargo-audit audit cargo audit --no-fetch
else
  skip audit "the advisory database is not on this machine"
fi
if [ $long = yes ]; then
  check mutants tests/mutants.sh --run
  check cross tests/cross.sh --long
else
  skip mutants "whether a test notices each takes an hour; run with --long"
  check cross tests/cross.sh
fi

echo "tests skipped for want of network namespaces: $without_networks"
if [ $skipped -gt 0 ]; then
  echo "$passed passed, $failed failed, $skipped skipped"
else
  echo "$passed passed, $failed failed"
fi
[ $failed = 0 ]
