#!/bin/bash
# Makes packages that a box can install, without an OpenWrt tree, on a Debian machine: an .ipk for
# opkg (OpenWrt 23.05 and 24.10) and an .apk for apk (25.12 and later). The paths are printed.
#
#   openwrt-package/package.sh ARCHITECTURE...
#   openwrt-package/package.sh --all
#
#   --program FILE  packs this program instead of building one (openwrt-package/compile.sh)
#   --static        builds a program with OpenSSL inside
#   --ipk, --apk    makes only that one
#   --to FOLDER     puts them below FOLDER/ARCHITECTURE (default: target/packages)
#
# ARCHITECTURE is what `opkg print-architecture` or /etc/apk/arch says on the box: mipsel_24kc,
# ramips_24kec (OpenWrt 14.07: static, .ipk only), mips_24kc, aarch64_cortex-a53,
# arm_cortex-a7_neon-vfpv4, x86_64. What `opkg` or `apk` checks before it trusts a package is made
# by openwrt-package/index.sh.
#
# The same sources give the same bytes: owners are root, times are SOURCE_DATE_EPOCH (default: the
# time of the last commit), whatever the folder, umask, time zone and language.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=$(dirname "$here")
packing() { PYTHONHASHSEED=0 python3 -B "$here/packing" "$@"; }
die() { echo "package: $*" >&2; exit 1; }
usage() { sed -n '2,20s/^# \{0,1\}//p' "$0" >&2; exit 2; }

architectures=() program='' static=() kinds='' to=$project/target/packages
while [ $# -gt 0 ]; do
  case $1 in
    --all) mapfile -t architectures < <(packing architectures) ;;
    --program) [ $# -gt 1 ] || usage; program=$2; shift ;;
    --static) static=(--static) ;;
    --ipk | --apk) kinds=${kinds:+$kinds,}${1#--} ;;
    --to) [ $# -gt 1 ] || usage; to=$2; shift ;;
    -*) usage ;;
    *) architectures+=("$1") ;;
  esac
  shift
done
[ ${#architectures[@]} -gt 0 ] || usage
command -v python3 >/dev/null || die "python3 is not installed"
[ -z "$program" ] || [ -f "$program" ] || die "$program: no such program"

# The version of the program, and the time of what was packed.
version=$(sed -n '/^\[package\]/,/^\[/s/^version = "\(.*\)"/\1/p' "$project/Cargo.toml" | head -n 1)
epoch=${SOURCE_DATE_EPOCH:-$(git -C "$project" log -1 --format=%ct 2>/dev/null || true)}
[[ $epoch =~ ^[0-9]+$ ]] || die "SOURCE_DATE_EPOCH must be set to a number of seconds: $project is no git repository"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for architecture in "${architectures[@]}"; do
  read -r target_program target_static target_kinds < <(packing target "$architecture")
  packed=$program
  if [ -z "$packed" ]; then
    if [ "$target_static" = static ]; then linkage=(--static); else linkage=("${static[@]}"); fi
    packed=$("$here/compile.sh" "$target_program" "${linkage[@]}")
  fi
  mkdir -p "$work/$architecture" "$to/$architecture"
  "$here/install.sh" "$packed" "$work/$architecture"
  packing packages "$architecture" "${kinds:-$target_kinds}" "$work/$architecture" \
    "$here" "$version" "$epoch" "$to/$architecture"
done
