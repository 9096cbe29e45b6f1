# shellcheck shell=dash
# Records what is built by the calls of libubox's jshn.sh, one line PATH=VALUE each. As there, a name
# that is added again takes the place of what it was, and what is added in another namespace is not
# part of the message.

NEWLINE='
'

_record=
_namespace=
_path=
_counts=

json_set_namespace() {
	[ -z "$2" ] || eval "$2=\$_namespace"
	_namespace=$1
}

# _put NAME VALUE: a member of what is open, by its name or its place; the path is left in $_member.
_put() {
	[ "$_namespace" = procd ] || return 0
	case ${_counts%% *} in
		[0-9]*)
			_member=$_path/${_counts%% *}
			_counts="$((${_counts%% *} + 1)) ${_counts#* }"
			;;
		*) _member=$_path/$1 ;;
	esac
	case $_record in
		*"$NEWLINE$_member="*)
			_record=$NEWLINE$(printf '%s\n' "$_record" | awk -v member="$_member" '
				NF && index($0, member "=") != 1 && index($0, member "/") != 1
			')
			;;
	esac
	_record="$_record$NEWLINE$_member=$2"
}

_open() {
	_put "$1" "$2"
	[ "$_namespace" = procd ] || return 0
	_path=$_member
	_counts="$3 $_counts"
}

_close() {
	[ "$_namespace" = procd ] || return 0
	_path=${_path%/*}
	_counts=${_counts#* }
}

json_init() {
	_record=
	_path=
	_counts='- '
}

json_add_object() { _open "$1" '{}' -; }
json_add_array() { _open "$1" '[]' 0; }
json_close_object() { _close; }
json_close_array() { _close; }
json_add_string() { _put "$1" "$2"; }
json_add_int() { _put "$1" "$2"; }
json_add_boolean() { _put "$1" "$2"; }
json_dump() { printf '%s\n' "${_record#"$NEWLINE"}"; }
