# shellcheck shell=dash disable=SC2034
# procd.sh of OpenWrt 14.07, as far as services see it.

parameters="command netdev file respawn watch env data limits error nice"

. /lib/functions/common.sh

# Opened again, it takes the place of the one before.
_open_trigger() { json_add_array triggers; }
_close_trigger() { json_close_array; }
_trigger_delay() { :; }

procd_close_service() {
	_in_procd json_close_object
	service_triggers
	json_dump >/tmp/set
}

# The process is forgotten at once.
_end() { rm -f /tmp/pid; }

# Nobody calls service_stopped.
stopped() { :; }
