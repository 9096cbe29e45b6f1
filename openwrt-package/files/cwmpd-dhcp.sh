# shellcheck shell=dash
# Writes down for the agent what a DHCP server may have told of the ACS (TR-069 3.1): options 43 and 125
# of DHCPv4, 17 of DHCPv6, as the client has them. Sourced by the scripts that the clients call, with
# their arguments: udhcpc's has the event as the first, odhcp6c's the device, and then the event.
#
# What the options mean is for the agent to find out, and whether they count (acs.dhcp_discovery).

# cwmpd_told FILE [NUMBER HEX]...: the lines of a file, in the place of those before. What is the same is
# not written: it would wake the agent with each lease that is renewed.
cwmpd_told() {
	local file=$1 folder=/var/run/cwmpd/dhcp lines=''
	shift
	while [ $# -gt 1 ]; do
		[ -z "$2" ] || lines="$lines$1 $2
"
		shift 2
	done
	if [ -f "$folder/$file" ]; then
		[ "$(cat "$folder/$file")" != "${lines%
}" ] || return 0
	else
		[ -n "$lines" ] || return 0
	fi
	(
		umask 077
		mkdir -p "$folder" && printf '%s' "$lines" >"$folder/.$file" && mv "$folder/.$file" "$folder/$file"
	) 2>/dev/null || logger -t cwmpd -p daemon.warn "what DHCP told cannot be written to $folder"
}

case "$1 ${2-}" in
	'bound '* | 'renew '*)
		# shellcheck disable=SC2154 # of udhcpc
		cwmpd_told "$interface.4" 125 "${opt125-}" 43 "${opt43-}"
		;;
	*' bound' | *' informed' | *' updated' | *' rebound' | *' ra-updated')
		cwmpd_told "$1.6" 17 "${OPTION_17-}"
		;;
esac
