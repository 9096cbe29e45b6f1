#!/bin/bash
# Makes a folder of packages a feed that boxes can use: the signed indexes of opkg (Packages,
# Packages.gz, Packages.sig, Packages.manifest) and of apk (packages.adb).
#
#   openwrt-package/index.sh --new-key KEY   makes the keys
#   openwrt-package/index.sh FOLDER KEY      indexes FOLDER, which has packages of one architecture
#
# KEY is the secret key of opkg's usign (Ed25519), KEY.pem that of apk (EC, prime256v1), KEY.pub and
# KEY.pem.pub are the public halves, for the boxes. Only the kind whose packages are there needs its
# key. openwrt-package/README.md tells what goes where on a box.
#
# The same packages and keys give the same bytes, but for the signature in packages.adb, which is
# another each time.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
packing() { python3 -B "$here/packing" "$@"; }

case $# in
  2) ;;
  *) sed -n '2,15s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
command -v openssl >/dev/null || { echo "index: openssl is not installed" >&2; exit 1; }
case $1 in
  --new-key) packing keys "$2" "$2.pem" ;;
  *) packing index "$1" "$2" "$2.pem" ;;
esac
