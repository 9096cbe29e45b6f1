# shellcheck shell=dash disable=SC2034
# procd.sh of OpenWrt 24.10 and later, as far as services see it.

parameters="command netdev file respawn watch watchdog env data limits error nice term_timeout
 reload_signal pidfile user group seccomp capabilities facility extroot overlaydir tmpoverlaysize vrf
 stdout stderr no_new_privs"
parameters=$(echo $parameters)

. /lib/functions/common.sh

# Opened again, it is the one that is open.
_open_triggers=0

_open_trigger() {
	_open_triggers=$((_open_triggers + 1))
	[ $_open_triggers -gt 1 ] || json_add_array triggers
}

_close_trigger() {
	_open_triggers=$((_open_triggers - 1))
	[ $_open_triggers -gt 0 ] || json_close_array
}

_trigger_delay() { json_add_int '' 1000; }

procd_close_service() {
	_in_procd json_close_object
	procd_open_trigger
	service_triggers
	procd_close_trigger
	json_dump >/tmp/set
}

procd_lock() { :; }

# The process is there, with what it published, until it has ended.
_end() {
	[ ! -f /tmp/pid ] || { sleep 1 && echo ended >>/tmp/ubus && rm -f /tmp/pid; } >/dev/null 2>&1 &
}

stopped() { ! type service_stopped >/dev/null 2>&1 || service_stopped; }
