#!/bin/sh
# What the CI of OpenWrt's feeds runs in a root with the package installed: test.sh PACKAGE VERSION.
set -e

[ "$1" = cwmpd ] || exit 0

cwmpd --version | grep -F "$2"
# The settings and the rows that are shipped have no mistake.
cwmpd check
