//! What the objects of a box answer, by the age of its OpenWrt.

use super::{BusValue, FakeUbusd, array, table};

/// Puts `system`, `network.interface` and `network.interface.lan` of today's OpenWrt on the bus.
pub fn offer_today(ubusd: &FakeUbusd) {
    ubusd.offer("system", "board", board_today());
    ubusd.offer("system", "info", info_today());
    offer_network(ubusd);
}

/// The same as OpenWrt 14.07 has them.
pub fn offer_14_07(ubusd: &FakeUbusd) {
    ubusd.offer("system", "board", board_14_07());
    ubusd.offer("system", "info", info_14_07());
    offer_network(ubusd);
}

fn offer_network(ubusd: &FakeUbusd) {
    ubusd.offer("network.interface", "dump", dump());
    ubusd.offer("network.interface.lan", "status", lan());
}

/// `ubus call system board` today.
pub fn board_today() -> BusValue {
    table([
        ("kernel", "6.6.86".into()),
        ("hostname", "gateway".into()),
        ("system", "MediaTek MT7621 ver:1 eco:3".into()),
        ("model", "Example GW-7621 \"Home\"".into()),
        ("board_name", "example,gw-7621".into()),
        ("rootfs_type", "squashfs".into()),
        (
            "release",
            table([
                ("distribution", "OpenWrt".into()),
                ("version", "24.10.1".into()),
                ("revision", "r28597-0425664679".into()),
                ("target", "ramips/mt7621".into()),
                ("description", "OpenWrt 24.10.1 r28597-0425664679".into()),
                ("builddate", "1744562312".into()),
            ]),
        ),
    ])
}

/// The same of 14.07, which has no `board_name` and reads `/etc/openwrt_release`.
pub fn board_14_07() -> BusValue {
    table([
        ("kernel", "3.10.49".into()),
        ("hostname", "OpenWrt".into()),
        ("system", "MediaTek MT7620A ver:2 eco:6".into()),
        ("model", "Example home controller".into()),
        (
            "release",
            table([
                ("distribution", "OpenWrt".into()),
                ("version", "14.07".into()),
                ("revision", "r42625".into()),
                ("codename", "barrier_breaker".into()),
                ("target", "ramips/mt7620a".into()),
                ("description", "OpenWrt Barrier Breaker 14.07".into()),
            ]),
        ),
    ])
}

/// `ubus call system info` today: sizes are 64 bits wide.
pub fn info_today() -> BusValue {
    let memory = [
        ("total", 5_368_709_120_i64),
        ("free", 402_653_184),
        ("shared", 1_048_576),
        ("buffered", 4_194_304),
        ("available", 419_430_400),
        ("cached", 33_554_432),
    ];
    let root = [
        ("total", 100_000_i64),
        ("free", 40_000),
        ("used", 60_000),
        ("avail", 40_000),
    ];
    table([
        ("localtime", 1_744_562_312.into()),
        ("uptime", 86_461.into()),
        ("load", array([32_768.into(), 16_384.into(), 8_192.into()])),
        (
            "memory",
            table(memory.map(|(name, size)| (name, size.into()))),
        ),
        ("root", table(root.map(|(name, size)| (name, size.into())))),
        (
            "swap",
            table([("total", 0_i64.into()), ("free", 0_i64.into())]),
        ),
    ])
}

/// The same of 14.07, where all numbers have 32 bits.
pub fn info_14_07() -> BusValue {
    let memory = [
        ("total", 128_892_928),
        ("free", 80_740_352),
        ("shared", 0),
        ("buffered", 5_918_720),
    ];
    table([
        ("uptime", 86_461.into()),
        ("localtime", 1_412_332_800.into()),
        ("load", array([32_768.into(), 16_384.into(), 8_192.into()])),
        (
            "memory",
            table(memory.map(|(name, size)| (name, size.into()))),
        ),
        ("swap", table([("total", 0.into()), ("free", 0.into())])),
    ])
}

fn interface(up: bool, device: &str, proto: &str) -> BusValue {
    table([
        ("up", up.into()),
        ("pending", false.into()),
        ("available", true.into()),
        ("autostart", true.into()),
        ("proto", proto.into()),
        ("device", device.into()),
    ])
}

fn address(address: &str, mask: i32) -> BusValue {
    table([("address", address.into()), ("mask", mask.into())])
}

/// `ubus call network.interface.lan status`.
pub fn lan() -> BusValue {
    let route = table([
        ("target", "0.0.0.0".into()),
        ("mask", 0.into()),
        ("nexthop", "192.168.1.254".into()),
    ]);
    interface(true, "br-lan", "static")
        .with("uptime", 86_440)
        .with("l3_device", "br-lan")
        .with("metric", 0)
        .with(
            "ipv4-address",
            array([address("192.168.1.1", 24), address("10.0.0.1", 8)]),
        )
        .with("ipv6-address", array([]))
        .with("route", array([route]))
        .with(
            "dns-server",
            array(["192.168.1.254".into(), "9.9.9.9".into()]),
        )
        .with("inactive", table([("ipv4-address", array([]))]))
        .with("data", table([]))
}

/// `ubus call network.interface dump`: `wan` is down, so it has no addresses.
pub fn dump() -> BusValue {
    let loopback = interface(true, "lo", "static")
        .with("uptime", 86_450)
        .with("l3_device", "lo")
        .with("ipv4-address", array([address("127.0.0.1", 8)]));
    let named = |name: &str, of: BusValue| of.with("interface", name);
    table([(
        "interface",
        array([
            named("lan", lan()),
            named("loopback", loopback),
            named("wan", interface(false, "eth0.2", "dhcp")),
        ]),
    )])
}
