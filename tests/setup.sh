#!/bin/bash
# Installs what Debian 12 lacks for a purpose, and says what. Root is asked for only if something
# is missing.
#
#   tests/setup.sh build    to build cwmpd
#   tests/setup.sh check    to run every check and test (tests/run.sh)
set -euo pipefail

MINIMAL_RUST=85 # the minor version; rust-version in Cargo.toml

missing=()

# need COMMAND-OR-FILE PACKAGE...: the packages where the first is not there.
need() {
  local what=$1
  shift
  case $what in
    /*) [ -e "$what" ] && return ;;
    *) command -v "$what" >/dev/null && return ;;
  esac
  missing+=("$@")
}

# Debian's own rustc is older than the project; rustc-web is the newer one it keeps for browsers.
need_rust() {
  local minor
  minor=$(rustc --version 2>/dev/null | sed -n 's/^rustc 1\.\([0-9]*\)\..*/\1/p')
  if [ "${minor:-0}" -lt "$MINIMAL_RUST" ] || ! command -v cargo >/dev/null; then
    missing+=(rustc-web cargo-web)
  fi
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "setup: the password of root, please" >&2
    su -c "$(printf '%q ' "$@")"
  fi
}

install_missing() {
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "setup: installing ${missing[*]}" >&2
  # No server among them is to start: each is run by the tests that need it.
  as_root sh -c 'export DEBIAN_FRONTEND=noninteractive
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
      trap "rm -f $policy" EXIT
      printf "#!/bin/sh\nexit 101\n" >$policy && chmod 755 $policy
    fi
    apt-get install -qq -y --no-install-recommends "$@" >/dev/null 2>&1 && exit
    apt-get update -qq && apt-get install -qq -y --no-install-recommends "$@" >/dev/null' \
    sh "${missing[@]}" || {
    echo "setup: the packages could not be installed; by hand: apt-get install ${missing[*]}" >&2
    exit 1
  }
}

for_build() {
  need_rust
  need cc gcc libc6-dev
  need pkg-config pkg-config
  need /usr/include/openssl/ssl.h libssl-dev
  need /etc/ssl/certs/ca-certificates.crt ca-certificates
}

for_check() {
  for_build
  need cargo-fmt rustfmt-web
  need cargo-clippy rust-web-clippy
  need c++ g++
  need xmllint libxml2-utils
  need strace strace
  need ip iproute2
  need /usr/sbin/nginx nginx-light
  need /usr/sbin/nft nftables
  need turnserver coturn
  need lua5.1 lua5.1
  need /usr/share/lua/5.1/socket.lua lua-socket
  need /usr/share/lua/5.1/ssl.lua lua-sec
  need /usr/share/doc/lua-filesystem lua-filesystem
  need /usr/sbin/stund stun-server
  need /usr/sbin/miniupnpd miniupnpd-nftables
  need prosody prosody
  need shellcheck shellcheck
  need mandoc mandoc
  need curl curl
  need node nodejs
  need busybox busybox
  need make make
  need python3 python3
  need openssl openssl
  need pip3 python3-pip
  need perl perl
  need readelf binutils
}

case ${1:-} in
  build) for_build ;;
  check) for_check ;;
  *) sed -n '2,7s/^# \{0,1\}//p' "$0" && exit 2 ;;
esac
install_missing
