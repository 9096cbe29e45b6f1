#!/bin/sh
# Lays every file of the package below a folder, with its mode: the one list of what the package is,
# for OpenWrt's build (Makefile) and for the packages that are made without it (package.sh).
#
#   openwrt-package/install.sh PROGRAM DESTINATION
#
# What is there already is replaced, nothing is removed. The same input gives the same files,
# whatever the umask is; owners and times are for the writer of the package to set.
set -eu
# The order in which * names files.
export LC_ALL=C

if [ $# != 2 ] || [ ! -f "$1" ]; then
	sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
	exit 2
fi
program=$1
destination=$2
tree=$(cd "$(dirname "$0")/.." && pwd)
files=$tree/openwrt-package/files

# lay MODE SOURCE PATH: one file.
lay() {
	folder "$(dirname "$3")"
	rm -f "$destination$3"
	cp "$2" "$destination$3"
	chmod "$1" "$destination$3"
}

# folder PATH: one folder, with those above it.
folder() {
	[ "$1" != / ] || return 0
	folder "$(dirname "$1")"
	[ -d "$destination$1" ] || mkdir "$destination$1"
	chmod 0755 "$destination$1"
}

# model NAME: the rows of one data model with what they need, and the sums by which files that nobody
# edited are known.
model() {
	for row in "$tree/etc/$1"/*.csv "$tree/etc/$1"/luup/*.csv; do
		lay 0644 "$row" "/etc/$1${row#"$tree/etc/$1"}"
	done
	(cd "$tree/etc/$1" && md5sum -- *.csv luup/*.csv) >"$destination/etc/$1/shipped.md5"
	chmod 0644 "$destination/etc/$1/shipped.md5"
}

mkdir -p "$destination"
chmod 0755 "$destination"
lay 0755 "$program" /usr/sbin/cwmpd
# There are passwords in it.
lay 0600 "$tree/etc/config/cwmpd" /etc/config/cwmpd
model cwmpd
model cwmpd-igd
lay 0755 "$files/cwmpd.init" /etc/init.d/cwmpd
lay 0644 "$files/cwmpd-defaults.sh" /usr/share/cwmpd/defaults.sh
lay 0755 "$files/cwmpd-settings.defaults" /etc/uci-defaults/90-cwmpd-settings
lay 0755 "$files/cwmpd-rows.defaults" /etc/uci-defaults/91-cwmpd-rows
lay 0755 "$files/cwmpd.ntp" /etc/hotplug.d/ntp/30-cwmpd
lay 0644 "$files/cwmpd-dhcp.sh" /usr/share/cwmpd/dhcp.sh
for client in udhcpc odhcp6c; do
	lay 0644 "$files/cwmpd.dhcp" "/etc/$client.user.d/cwmpd"
done
lay 0644 "$files/cwmpd.keep" /lib/upgrade/keep.d/cwmpd
