# shellcheck shell=dash
# What the scripts of /etc/uci-defaults have in common: the log, a file that is replaced in one step,
# and the kinds of values that the settings of older agents have.

NEWLINE='
'

note() {
	tell notice 5 "$@"
}

warn() {
	tell warn 4 "$@"
}

# tell LEVEL NUMBER TEXT...: a boot runs this before logd, which takes over what it then finds in the
# log of the kernel, where a line may have a kilobyte.
tell() {
	local level=$1 number=$2
	shift 2
	if [ -S /dev/log ]; then
		logger -t cwmpd -p "daemon.$level" "$*"
	else
		printf '<%s>cwmpd: %.900s\n' "$number" "$*" >>/dev/kmsg
	fi
}

# replace NEW OLD MODE: gives OLD what is in NEW, whole or not at all. A copy on a full disk is looked
# at, as not every program that wrote it would have said so; and it is on the disk before it has the
# name, as a power cut would else leave an empty file.
replace() {
	local beside=${2%/*}/.${2##*/}.new
	if cp "$1" "$beside" && chmod "$3" "$beside" && sync && cmp -s "$1" "$beside" && mv "$beside" "$2"; then
		sync
		return 0
	fi 2>/dev/null
	rm -f "$beside" 2>/dev/null
	return 1
}

# Each of these prints a value as we have it, or fails.

as_text() {
	case $1 in
		*"$NEWLINE"*) return 1 ;;
		*) printf '%s\n' "$1" ;;
	esac
}

as_flag() {
	case $(printf '%s' "$1" | tr A-Z a-z) in
		1 | on | true | yes | enable | enabled) echo 1 ;;
		0 | off | false | no | disable | disabled) echo 0 ;;
		*) return 1 ;;
	esac
}

# What is on for '1' and for nothing else.
as_one() {
	if [ "$1" = 1 ]; then
		echo 1
	else
		echo 0
	fi
}

# A URL without what no server is told of: user and password (login_of), and what stands behind '#'.
as_url() {
	local rest host
	case $1 in
		*[[:space:]]*) return 1 ;;
		http://?* | https://?*) ;;
		*) return 1 ;;
	esac
	rest=${1#*://}
	rest=${rest%%#*}
	host=${rest%%[/?]*}
	printf '%s://%s%s\n' "${1%%://*}" "$(in_brackets "${host##*@}")" "${rest#"$host"}"
}

# An address of IPv6, which has to stand in brackets; anything else as it is. Where the last number may
# as well be a port it stays too, for the agent to refuse: only that of x::y and of eight groups is none.
in_brackets() {
	case $1 in
		*[!0-9A-Fa-f:]* | *::*:*) printf '%s\n' "$1" ;;
		*::* | ?*:?*:?*:?*:?*:?*:?*:?*) printf '[%s]\n' "$1" ;;
		*) printf '%s\n' "$1" ;;
	esac
}

# login_of URL: what stands before the '@', as user:password.
login_of() {
	local host=${1#*://}
	host=${host%%[/?#]*}
	case $host in
		*@*) printf '%s\n' "${host%@*}" ;;
	esac
}

# unescaped TEXT: each %41 as an A; fails where that would be a character that no setting has.
unescaped() {
	case $1 in
		*%[01]*) return 1 ;;
	esac
	printf '%b\n' "$(printf '%s' "$1" | sed 's/\\/\\\\/g; s/%\([0-9A-Fa-f][0-9A-Fa-f]\)/\\x\1/g')"
}

as_path() {
	case $1 in
		*"$NEWLINE"*) return 1 ;;
		/*) printf '%s\n' "$1" ;;
		*) return 1 ;;
	esac
}

# The path of a connection request; '/' is that of all boxes, and no secret.
as_request_path() {
	case $1 in
		*[!A-Za-z0-9._~/-]*) return 1 ;;
		/?*) printf '%s\n' "$1" ;;
		/) ;;
		*) return 1 ;;
	esac
}

# between LEAST MOST VALUE: a whole number.
between() {
	case $3 in
		'' | *[!0-9]* | ??????????*) return 1 ;;
	esac
	[ "$3" -ge "$1" ] && [ "$3" -le "$2" ] && echo "$3"
}

as_port() {
	between 1 65535 "$1"
}

as_interval() {
	between 1 999999999 "$1"
}

as_wait() {
	between 1 65535 "$1"
}

as_multiplier() {
	between 1000 65535 "$1"
}

as_session() {
	between 30 86400 "$1"
}

# Where it is unknown, their time of the periodic inform is 0, or in the first year of all. Some write
# a zone without the colon that belongs there.
as_time() {
	case $1 in
		*[!0-9TZ:.+-]*) return 1 ;;
		0 | 0001-01-01T00:00:00*) ;;
		[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]*)
			printf '%s\n' "$1" | sed 's/\([+-][0-9][0-9]\)\([0-9][0-9]\)$/\1:\2/'
			;;
		*) return 1 ;;
	esac
}

as_severity() {
	case $1 in
		EMERG | ALERT | CRIT | ERROR | WARNING | NOTICE | INFO | DEBUG) echo "$1" ;;
		0 | CRITIC) echo CRIT ;;
		1) echo WARNING ;;
		2) echo NOTICE ;;
		3) echo INFO ;;
		4) echo DEBUG ;;
		*) return 1 ;;
	esac
}

# A device of the box, or an interface of /etc/config/network. At the first boot, which runs this
# before netifd, there are no bridges and no dial-ins yet: those that it will make count too.
as_interface() {
	case $1 in
		'' | *[!A-Za-z0-9._-]*) return 1 ;;
	esac
	[ -e "/sys/class/net/$1" ] || devices | grep -qxF -e "$1" || return 1
	echo "$1"
}

# The names that /etc/config/network has for interfaces and devices, one a line.
devices() {
	local index=0 name interface protocol
	while uci -q get "network.@device[$index]" >/dev/null; do
		uci -q get "network.@device[$index].name"
		index=$((index + 1))
	done
	for interface in $(uci -q show network | sed -n 's/^network\.\([A-Za-z0-9_]*\)=interface$/\1/p'); do
		echo "$interface"
		[ "$(uci -q get "network.$interface.type")" != bridge ] || echo "br-$interface"
		protocol=$(uci -q get "network.$interface.proto")
		case $protocol in
			ppp* | pptp | l2tp | 3g) echo "$protocol-$interface" ;;
		esac
		# `device` has been `ifname` before 21.02.
		for name in device ifname; do
			uci -q get "network.$interface.$name" | tr ' ' '\n'
		done
	done
}
