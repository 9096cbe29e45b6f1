# What OpenWrt from 23.05 on does for every package when it is installed and removed, as far as this
# one sees it.

pkgname_of() {
	[ -n "$pkgname" ] || pkgname=$(basename "${1%.*}")
	list=/usr/lib/opkg/info/$pkgname.list
	[ ! -f "/lib/apk/packages/$pkgname.list" ] || list=/lib/apk/packages/$pkgname.list
}

default_postinst() {
	pkgname_of "$1"
	for file in $(grep -s '^/etc/uci-defaults/' "$list"); do
		([ -f "$file" ] && cd "$(dirname "$file")" && . "$file") && rm -f "$file"
	done
	uci commit
	[ ! -f "/usr/lib/opkg/info/$pkgname.postinst-pkg" ] || (. "/usr/lib/opkg/info/$pkgname.postinst-pkg")
	for file in $(grep -s '^/etc/init.d/' "$list"); do
		[ "$PKG_UPGRADE" = 1 ] || "$file" enable
		"$file" start
	done
}

default_prerm() {
	pkgname_of "$1"
	[ ! -f "/usr/lib/opkg/info/$pkgname.prerm-pkg" ] || (. "/usr/lib/opkg/info/$pkgname.prerm-pkg")
	for file in $(grep -s '^/etc/init.d/' "$list"); do
		[ "$PKG_UPGRADE" = 1 ] || "$file" disable
		"$file" stop
	done
}
