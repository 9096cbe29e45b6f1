# shellcheck shell=dash disable=SC2034,SC2154
# What the procd.sh of every version has. Those that call it set `parameters`, the types that
# procd_set_param knows: it drops any other without a word.

. /lib/functions/json.sh

# _in_procd COMMAND...: in the namespace of the message.
_in_procd() {
	local _outer
	json_set_namespace procd _outer
	"$@"
	json_set_namespace "$_outer"
}

_items() {
	while [ $# -gt 0 ]; do
		json_add_string '' "$1"
		shift
	done
}

_array() {
	json_add_array "$1"
	shift
	_items "$@"
	json_close_array
}

_table() {
	json_add_object "$1"
	shift
	while [ $# -gt 0 ]; do
		json_add_string "${1%%=*}" "${1#*=}"
		shift
	done
	json_close_object
}

_set_param() {
	local type=$1
	shift
	case " $parameters " in
		*" $type "*) ;;
		*) return 0 ;;
	esac
	case $type in
		env | data | limits) _table "$type" "$@" ;;
		command | netdev | file | respawn | watch | watchdog | error) _array "$type" "$@" ;;
		*) json_add_string "$type" "$1" ;;
	esac
}

# _trigger EVENT KEY VALUE COMMAND...
_trigger() {
	json_add_array ''
	_items "$1"
	json_add_array ''
	_items 'if'
	_array '' eq "$2" "$3"
	shift 3
	_array '' run_script "$@"
	json_close_array
	_trigger_delay
	json_close_array
}

_open_service() {
	json_init
	json_add_string name "$1"
	json_add_string script "$2"
	json_add_object instances
}

procd_open_service() { _in_procd _open_service "$@"; }
procd_open_instance() { _in_procd json_add_object "${1:-instance1}"; }
procd_close_instance() { _in_procd json_close_object; }
procd_set_param() { _in_procd _set_param "$@"; }
procd_open_trigger() { _in_procd _open_trigger; }
procd_close_trigger() { _in_procd _close_trigger; }

procd_add_config_trigger() {
	local event=$1 package=$2
	shift 2
	_in_procd _trigger "$event" package "$package" "$@"
}

procd_add_interface_trigger() {
	local event=$1 interface=$2
	shift 2
	_in_procd _trigger "$event" interface "$interface" "$@"
}

procd_add_reload_trigger() {
	local package
	procd_open_trigger
	for package; do
		procd_add_config_trigger config.change "$package" "$initscript" reload
	done
	procd_close_trigger
}

procd_add_reload_interface_trigger() {
	procd_open_trigger
	procd_add_interface_trigger 'interface.*' "$1" "$initscript" reload
	procd_close_trigger
}

procd_open_data() {
	json_set_namespace procd _before_data
	json_add_object data
}

procd_close_data() {
	json_close_object
	json_set_namespace "$_before_data"
}

procd_set_config_changed() {
	ubus call service event "config.change $1"
}

procd_kill() {
	ubus call service delete "$*"
	_end
}
