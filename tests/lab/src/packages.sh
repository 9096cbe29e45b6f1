#!/bin/sh
# In place of opkg and apk: the words, the lists and the exit codes of the real ones, over a folder.
# A package file is text: Package, Version, Depends, Service, Fault, Stops (a process, when it is
# installed). A feed is a folder of such files.
# With a file `hang` it hangs at once, with `hang-before` before a package is installed, with
# `hang-behind` after it: as long as the file is there.
root=$(dirname "$0")
me=$(basename "$0")
echo "$me $*" >>"$root/log"
hangs() { echo $$ >"$root/pid"; while [ -e "$root/$1" ]; do sleep 0.02; done; }

field() { sed -n "s/^$2: *//p" "$1" | head -n 1; }
number() { echo "$1" | sed 's/-r.*//; s/[^0-9]//g'; }

if [ "$me" = opkg ]; then
	list=$root/usr/lib/opkg/status
	version_of() { awk -v n="$1" '/^Package: /{p=$2} /^Version: /{v=$2} /^Status: .* installed$/{if (p==n) print v}' "$list"; }
	is_needed() { awk -v n="$1" '/^Depends: /{sub("Depends: ","")
		k=split($0,d,", "); for(i=1;i<=k;i++) if (d[i]==n) f=1} END{exit !f}' "$list"; }
	forget() { awk -v n="$1" 'BEGIN{RS="";ORS="\n\n"} $2!=n' "$list" >"$list.new" && cat "$list.new" >"$list"; rm -f "$list.new"; }
else
	list=$root/lib/apk/db/installed
	world=$root/etc/apk/world
	version_of() { awk -v n="$1" '/^P:/{p=substr($0,3)} /^V:/{if (p==n) print substr($0,3)}' "$list"; }
	is_needed() { awk -v n="$1" '/^D:/{k=split(substr($0,3),d," "); for(i=1;i<=k;i++) if (d[i]==n) f=1} END{exit !f}' "$list"; }
	forget() { awk -v n="P:$1" 'BEGIN{RS="";ORS="\n\n"} $1!=n' "$list" >"$list.new" && mv "$list.new" "$list"
		grep -v "^$1\(>\|\$\)" "$world" >"$world.new"; mv "$world.new" "$world"; }
fi

# add FILE user|ok
add() {
	name=$(field "$1" Package) version=$(field "$1" Version) depends=$(field "$1" Depends)
	service=$(field "$1" Service)
	forget "$name"
	if [ "$me" = opkg ]; then
		{
			echo "Package: $name"
			echo "Version: $version"
			[ -z "$depends" ] || echo "Depends: $depends"
			echo "Status: install $2 installed"
			echo "Architecture: all"
			echo "Installed-Time: 1700000000"
			echo
		} >>"$list"
		mkdir -p "$root/usr/lib/opkg/info"
		[ -z "$service" ] || echo "/etc/init.d/$service" >"$root/usr/lib/opkg/info/$name.list"
	else
		{
			cat "$list"
			echo "P:$name"
			echo "V:$version"
			[ -z "$depends" ] || echo "D:$(echo "$depends" | tr -d ,)"
			[ -z "$service" ] || printf 'F:etc/init.d\nR:%s\n' "$service"
			echo
		} >"$list.new"
		mv "$list.new" "$list"
		[ "$2" = ok ] || echo "$name><Q1fake=" >>"$world"
	fi
	if [ -n "$service" ]; then
		mkdir -p "$root/init.d"
		printf '#!/bin/sh\n# USE_PROCD=1\necho %s "$@" >>%s/log\n' "$service" "$root" >"$root/init.d/$service"
		chmod 755 "$root/init.d/$service"
	fi
	sleep 0.02
}

feed() { [ -e "$root/lists" ] && [ -e "$root/feed/$1" ] && echo "$root/feed/$1"; }

# From its start to its end.
[ "$me" = apk ] && lock=$root/lib/apk/db/lock || lock=$root/var/lock/opkg.lock
mkdir -p "$(dirname "$lock")"
exec 9>"$lock"
if ! flock -n 9; then
	[ "$me" = opkg ] || { echo "ERROR: Unable to lock database: temporary error (try again later)" >&2; exit 99; }
	printf 'Collected errors:\n * opkg_conf_load: Could not lock %s: Resource temporarily unavailable.\n' "$lock" >&2
	exit 255
fi
hangs hang

trial=
while [ $# -gt 0 ]; do
	case $1 in
	--noaction | --simulate) trial=1 ;;
	--autoremove) ;;
	*) break ;;
	esac
	shift
done
verb=$1
shift
[ "$1" != --upgrade ] || { verb=upgrade; shift; }

install() { # FILE user|ok
	hangs hang-before
	victim=$(field "$1" Stops)
	if [ -n "$victim" ]; then
		kill "$victim"
		while kill -0 "$victim" 2>/dev/null; do sleep 0.02; done
	fi
	# The lists are written at the end, and what is said comes before.
	[ "$me" = opkg ] || echo "Executing $(field "$1" Package).post-install"
	[ "$me" = apk ] || echo "Configuring $(field "$1" Package)."
	add "$1" "$2"
	hangs hang-behind
}

say_change() { # NAME OLD NEW
	if [ "$me" = apk ]; then
		case $2 in
		'') echo "(1/1) Installing $1 ($3)" ;;
		*) [ "$(number "$2")" -gt "$(number "$3")" ] && echo "(1/1) Downgrading $1 ($2 -> $3)" ||
			echo "(1/1) Upgrading $1 ($2 -> $3)" ;;
		esac
	else
		case $2 in
		'') echo "Installing $1 ($3) to root..." ;;
		*) echo "Upgrading $1 on root from $2 to $3..." ;;
		esac
	fi
}

fails() {
	if [ "$me" = apk ]; then
		echo "ERROR: $*" >&2
		exit 1
	fi
	printf 'Collected errors:\n * %s\n' "$*" >&2
	exit 255
}

bring() { # FILE user|ok
	name=$(field "$1" Package) version=$(field "$1" Version)
	old=$(version_of "$name")
	if [ "$old" = "$version" ]; then
		[ "$me" = apk ] || echo "Package $name ($version) installed in root is up to date."
		return
	fi
	if [ "$me" = opkg ] && [ -n "$old" ] && [ "$(number "$old")" -gt "$(number "$version")" ]; then
		echo "Not downgrading package $name on root from $old to $version."
		return
	fi
	fault=$(field "$1" Fault)
	[ -z "$fault" ] || fails "$fault"
	removes=$(field "$1" Removes)
	[ "$me" = apk ] || say_change "$name" "$old" "$version"
	for need in $(field "$1" Depends | tr -d ,); do
		[ -z "$(version_of "$need")" ] || continue
		found=$(feed "$need")
		if [ -z "$found" ] && [ "$me" = apk ]; then
			printf 'ERROR: unable to select packages:\n  %s (no such package):\n    required by: %s-%s[%s]\n' \
				"$need" "$name" "$version" "$need" >&2
			exit 1
		fi
		[ -n "$found" ] || fails "satisfy_dependencies_for: Cannot satisfy the following dependencies for $name:
 * 	$need"
		say_change "$need" '' "$(field "$found" Version)"
		[ -n "$trial" ] || add "$found" ok
	done
	name=$(field "$1" Package)
	[ "$me" = opkg ] || say_change "$name" "$old" "$version"
	if [ -n "$removes" ]; then
		[ "$me" = apk ] && echo "(2/2) Purging $removes (1)" || echo "Removing package $removes from root..."
		[ -n "$trial" ] || forget "$removes"
	fi
	[ -n "$trial" ] || install "$1" "$2"
}

case $me:$verb in
opkg:update | apk:update)
	[ ! -e "$root/offline" ] || fails "opkg_download: Failed to download http://feed/Packages.gz, wget returned 4."
	: >"$root/lists"
	;;
apk:adbdump)
	grep -q '^Package: ' "$1" || fails "$1: v2 package format error"
	printf '#%%SCHEMA: 0x676B6370\ninfo:\n  name: %s\n  version: %s\n' "$(field "$1" Package)" "$(field "$1" Version)"
	;;
opkg:install | apk:add)
	# What is a file goes by the name: opkg_prepare_url_for_install, and add_main of apk.
	case $me:$1 in
	opkg:*.ipk | opkg:*.opk | opkg:*.deb | apk:*.*) ;;
	opkg:*)
		echo "Unknown package '$1'."
		fails "opkg_install_cmd: Cannot install package $1."
		;;
	*) fails "'$1' is not a valid world dependency, format is name(@tag)([<>~=]version)" ;;
	esac
	grep -q '^Package: ' "$1" 2>/dev/null ||
		{ [ "$me" = apk ] && fails "$1: v2 package format error"; fails "pkg_init_from_file: Malformed package file $1."; }
	bring "$1" user
	;;
opkg:upgrade | apk:upgrade)
	found=$(feed "$1")
	if [ -n "$found" ]; then bring "$found" user; fi
	;;
opkg:remove | apk:del)
	old=$(version_of "$1")
	if [ -z "$old" ]; then
		[ "$me" = opkg ] && echo "No packages removed." || fails "No such package: $1"
		exit 0
	fi
	if is_needed "$1"; then
		if [ "$me" = apk ]; then
			echo "World updated, but the following packages are not removed due to:"
			exit 0
		fi
		fails "print_dependents_warning: Package $1 is depended upon by packages:"
	fi
	[ "$me" = apk ] && echo "(1/1) Purging $1 ($old)" || echo "Removing package $1 from root..."
	[ -n "$trial" ] || { hangs hang-before; forget "$1"; }
	;;
*) exit 99 ;;
esac
[ "$me" = opkg ] || echo "OK: 12 MiB in 30 packages"
