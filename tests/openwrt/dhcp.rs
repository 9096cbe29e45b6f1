//! `/usr/share/cwmpd/dhcp.sh`, which DHCP clients call: what it writes down for the agent, and that the
//! agent reads of it what a real server told a real client.

use std::os::unix::fs::MetadataExt as _;
use std::process::Stdio;

use cwmpd::device::dhcp;
use cwmpd_lab::network::{Place, ip};

use crate::little_box::LittleBox;

const URL: &str = "https://acs.example.net:7547/a?b=c";

/// As udhcpc and odhcp6c call them, to their ends.
const UDHCPC: &str = ". /etc/udhcpc.user.d/cwmpd";
const ODHCP6C: &str = ". /etc/odhcp6c.user.d/cwmpd";

fn on(box_: &LittleBox, script: &str, variables: &str, arguments: &str) {
    let said = box_.must(&format!("{variables}; set -- {arguments}; ({script})"));
    assert_eq!(said, "");
}

#[test]
fn d03_the_options_of_a_lease_are_written_down_and_no_more() {
    let Some(box_) = LittleBox::new() else {
        return;
    };
    box_.install();
    let file = "var/run/cwmpd/dhcp/eth0.2.4";
    let lease = "interface=eth0.2 opt43=0105 opt125=00";
    for event in ["deconfig", "leasefail", "nak"] {
        on(&box_, UDHCPC, lease, event);
    }
    // A server that tells nothing where none told anything.
    on(&box_, UDHCPC, "interface=eth0.2", "bound");
    assert!(!box_.path("var/run/cwmpd/dhcp").exists());
    on(&box_, UDHCPC, lease, "bound");
    assert_eq!(box_.read(file), "125 00\n43 0105\n");
    let data = box_.path(file).metadata().unwrap();
    assert_eq!(data.mode() & 0o777, 0o600);
    on(&box_, UDHCPC, lease, "renew");
    let again = box_.path(file).metadata().unwrap();
    assert_eq!(again.ino(), data.ino(), "it would wake the agent");
    on(&box_, UDHCPC, "interface=eth0.2", "renew");
    assert_eq!(box_.read(file), "");

    let file = "var/run/cwmpd/dhcp/eth1.6";
    for event in ["started", "unbound", "stopped"] {
        on(&box_, ODHCP6C, "OPTION_17=0de9", &format!("eth1 {event}"));
    }
    assert!(!box_.path(file).exists());
    on(&box_, ODHCP6C, "OPTION_17=0de9", "eth1 bound");
    assert_eq!(box_.read(file), "17 0de9\n");
    on(&box_, ODHCP6C, "OPTION_17=0DEA", "eth1 updated");
    assert_eq!(box_.read(file), "17 0DEA\n");
}

/// BusyBox's own server and client, on a wire of their own.
#[test]
fn d03_what_a_server_tells_a_client_names_the_acs() {
    let (Some(box_), Some(place)) = (LittleBox::new(), Place::new()) else {
        return;
    };
    box_.install();
    let sub = |code: u8, value: &str| {
        let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
        format!("{code:02x}{:02x}{hex}", value.len())
    };
    let told = sub(1, URL) + &sub(2, "TLCO");
    box_.write("var/leases", "");
    box_.write(
        "etc/udhcpd.conf",
        format!(
            "start 192.0.2.10\nend 192.0.2.20\ninterface server\nlease_file /var/leases\n\
             pidfile /var/udhcpd.pid\noption subnet 255.255.255.0\noption 0x2b {told}\n"
        ),
    );
    box_.program(
        "lib/dhcp.script",
        "#!/bin/sh\nfor f in /etc/udhcpc.user.d/*; do\n[ -f \"$f\" ] && (. \"$f\" \"$@\")\ndone\n",
    );
    place.run(|| {
        ip("link add server type veth peer name wan");
        ip("address add 192.0.2.1/24 dev server");
        ip("link set server up");
        ip("link set wan up");
        let mut server = box_.command(&["/bin/udhcpd", "-f", "/etc/udhcpd.conf"]);
        server.stdout(Stdio::null()).stderr(Stdio::null());
        let mut server = server.spawn().unwrap();
        let client = [
            "/bin/udhcpc",
            "-f",
            "-q",
            "-n",
            "-t",
            "20",
            "-T",
            "1",
            "-i",
            "wan",
            "-V",
            "dslforum.org",
            "-O",
            "43",
            "-s",
            "/lib/dhcp.script",
        ];
        let output = box_.command(&client).output();
        server.kill().unwrap();
        server.wait().unwrap();
        let output = output.unwrap();
        assert!(output.status.success(), "{output:?}");
    });
    let written = box_.read("var/run/cwmpd/dhcp/wan.4");
    let offer = dhcp::read(&written).unwrap();
    assert_eq!((&*offer.url, &*offer.provisioning_code), (URL, "TLCO"));
}
