#!/bin/sh
# The commands of OpenWrt in a box of its own. What each does with its folders:
#   config, model, root  on flash; the ROM below them is rom/config, rom/model
#   run             in RAM
#   openwrt         which release this is; openwrt_release: which firmware runs
#   mishap          what is to go wrong; hold: is there while a flash is not to go on
#   signature       whether that of an image is wanted or looked for; no image has one
name=${0##*/}
box=$(cd "${0%/*}/.." && pwd)
release=$(cat "$box/openwrt")
mishap=$(cat "$box/mishap" 2>/dev/null)
echo $name "$@" >>"$box/commands"

old() { [ "$release" = 14.07 ]; }

# What is kept over a flash, and is in a backup.
kept() {
    # shellcheck disable=SC2046 # words are split, as sysupgrade does
    find "$box/config" "$box/model" \
        $(sed -ne '/^[[:space:]]*$/d; /^#/d; p' "$box"/root/lib/upgrade/keep.d/* 2>/dev/null) \
        \( -type f -o -type l \) 2>/dev/null | sed 's,^/,,' | sort -u
}

backup() {
    [ "$mishap" = hangs ] && exec sleep 600
    kept >"$box/conffiles"
    if [ "$mishap" = "cut backup" ]; then
        tar -C / -czf - -T "$box/conffiles" | head -c 100 >"$1"
        # 14.07 gives the result of its last command, a removal.
        old || { echo "Failed to create the configuration backup."; rm -f "$1"; return 1; }
    else
        tar -C / -czf "$1" -T "$box/conffiles" 2>/dev/null
    fi
    rm -f "$box/conffiles"
}

# The flash is taking its time.
held() { while [ -e "$box/hold" ]; do sleep 0.05; done; }

# The power is off: what is in RAM is gone.
boot() { rm -rf "$box/run" "$box/sysupgrade.tgz"; }

end_agent() {
    agent=$(cat "$box/agent.pid" 2>/dev/null)
    [ -n "$agent" ] || return
    kill -TERM $agent 2>/dev/null
    sleep 0.3
    kill -KILL $agent 2>/dev/null
}

flash() {
    {
        read -r magic
        read -r board
        read -r version
        read -r revision
    } <"$1"
    rm -rf "$box/config" "$box/model" "$box"/model-* "$box/root"/*
    cp -r "$box/rom/config" "$box/rom/model" "$box"
    printf "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='%s'\nDISTRIB_REVISION='%s'\n" \
        "$version" "$revision" >"$box/openwrt_release"
    [ ! -f "$box/sysupgrade.tgz" ] || tar -C / -xzf "$box/sysupgrade.tgz"
}

sysupgrade() {
    save=1 test=0 conf= action=
    while [ -n "$1" ]; do
        case "$1" in
        -n) save=0 ;;
        -q | -v) ;;
        -T | --test) test=1 ;;
        -f) conf=$2; shift ;;
        -b | --create-backup) action=backup file=$2; shift ;;
        -r | --restore-backup) action=restore file=$2; shift ;;
        -l | --list-backup) action=list ;;
        -*) echo "Invalid option: $1" >&2; exit 1 ;;
        *) break ;;
        esac
        shift
    done
    case "$action" in
    backup) backup "$file"; exit ;;
    restore) tar -C / -xzf "$file"; exit ;;
    list) kept; exit 0 ;;
    esac
    image=$1
    [ -f "$image" ] || { echo "Image file not found." >&2; exit 1; }
    if [ "$mishap" = floods ]; then
        while :; do echo "a word and another word and another word"; done | head -c 3000000
        exit 1
    fi
    [ "$mishap" = hangs ] && exec sleep 600
    signature=$(cat "$box/signature" 2>/dev/null)
    [ -z "$signature" ] || echo "Image signature not present" >&2
    if [ "$(head -n 2 "$image" | tr '\n' ' ')" != "image example,box " ]; then
        if old; then
            echo "Image check 'platform_check_image' failed."
        else
            echo "Device example,box not supported by this image" >&2
            echo "Image check failed." >&2
        fi
        exit 1
    fi
    [ "$signature" != wanted ] || { echo "Image check failed." >&2; exit 1; }
    if [ -n "$conf" ]; then
        [ "$(od -An -tx1 -N2 "$conf" | tr -d ' ')" = 1f8b ] || {
            echo "Invalid config file. Please use only .tar.gz files" >&2
            exit 1
        }
        cp "$conf" "$box/sysupgrade.tgz"
    elif [ $test = 0 ]; then
        if [ $save = 1 ]; then backup "$box/sysupgrade.tgz"; else rm -f "$box/sysupgrade.tgz"; fi
    fi
    [ $test = 0 ] || exit 0
    [ "$mishap" != refused ] || { echo "Could not open mtd device: firmware" >&2; exit 1; }
    if old; then
        held
        echo "Sending TERM to remaining processes ... cwmpd"
        end_agent
        echo "Switching to ramdisk..."
        go_down "$image"
    else
        echo "Commencing upgrade. Closing all shell sessions."
        # procd takes over, and its call is never answered.
        { sleep 0.2; held; end_agent; go_down "$image"; } >/dev/null 2>&1 &
        echo "Command failed: Connection failed" >&2
        exit 255
    fi
}

go_down() {
    case "$mishap" in
    "not flashed" | "old again") ;;
    *) flash "$1" ;;
    esac
    boot
    echo done >"$box/went-down"
}

case "$name" in
sysupgrade) sysupgrade "$@" ;;
logread)
    case "$mishap" in
    floods) while :; do echo "daemon.info cwmpd: again and again and again"; done ;;
    hangs) exec sleep 600 ;;
    esac
    i=0
    while [ $i -lt 100 ]; do
        echo "Thu Jan  1 00:00:00 2026 daemon.info cwmpd[1]: line $i"
        i=$((i + 1))
    done
    ;;
gunzip) exec /bin/gunzip "$@" ;;
reload_config | reboot) ;;
esac
