//! A box as old as OpenWrt 14.07: its kernel is 3.10, and nobody reads the standard error of a service.

use std::fs;

use cwmpd_lab::acs::{AcsOptions, CALLER, ScriptedAcs, request_connection};
use cwmpd_lab::home::{Home, wait_for};
use cwmpd_lab::http::{Authority, Leaf, ServerTls};
use cwmpd_lab::shared::skip;
use cwmpd_lab::tools::can_trace;

const PROGRAM: &str = env!("CARGO_BIN_EXE_cwmpd");

/// What a syslog that listened would get of an agent: strace shows who it is sent to.
fn syslog_lines(trace: &str) -> Vec<&str> {
    let sent = trace.lines().filter(|line| line.contains("\"/dev/log\""));
    sent.collect()
}

/// All system calls of x86_64 that are younger than Linux 3.10 are refused, as an older kernel
/// refuses them: by their numbers, which are given in turn, so that none is forgotten.
#[test]
fn b16_a_kernel_of_3_10_is_enough() {
    if !can_trace() {
        return;
    }
    if !cfg!(target_arch = "x86_64") {
        skip("an older kernel, whose system calls are known for x86_64 only");
        return;
    }
    // 313 is finit_module, of 3.8; 314 sched_setattr, of 3.14. Those of 335 to 423 do not exist.
    let younger: Vec<String> = (314..=334)
        .chain(424..=450)
        .map(|n| n.to_string())
        .collect();
    let younger = younger.join(",");
    // OpenSSL asks how old the kernel is before it does without getrandom(2).
    let name = format!("{:\0<65}{:\0<65}3.10.49\0", "Linux", "box");
    let name: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    let authority = Authority::new("Lab CA");
    let acs = ScriptedAcs::start(AcsOptions {
        tls: Some(ServerTls::new(&authority.issue(&Leaf::localhost()))),
        ..AcsOptions::default()
    });
    let home = Home::new(PROGRAM);
    let ca_file = home.config_dir().join("ca.pem");
    fs::write(&ca_file, authority.pem()).unwrap();
    home.set_acs(&acs.url_by_name("localhost"));
    home.set_uci("acs", "ssl_cacert", &ca_file.to_string_lossy());
    home.set_caller();
    let trace = home.model_dir().with_file_name("trace");
    let agent = home.start_under(&[
        "strace",
        "-f",
        "-D",
        "-o",
        &trace.to_string_lossy(),
        "-e",
        &format!("trace=uname,{younger}"),
        "-e",
        &format!("inject={younger}:error=ENOSYS"),
        "-e",
        &format!("inject=uname:poke_exit=@arg1={name}"),
    ]);
    assert_eq!(acs.quiet_session(), ["0 BOOTSTRAP", "1 BOOT"]);
    let url = agent.connection_request_url();
    assert_eq!(request_connection(&url, CALLER.0, CALLER.1).unwrap(), 200);
    assert_eq!(acs.quiet_session(), ["6 CONNECTION REQUEST"]);
    agent.set("ManagementServer.PeriodicInformInterval", "4000");
    assert!(agent.stop().success(), "{}", home.log());
    let refused = fs::read_to_string(&trace).unwrap();
    assert!(refused.contains("getrandom("), "{refused}");
    let granted = |line: &&str| line.contains(") = ") && !line.contains("ENOSYS");
    let granted = refused.lines().filter(granted);
    let granted: Vec<_> = granted.filter(|line| !line.contains("uname(")).collect();
    assert!(granted.is_empty(), "{granted:?}");
}

#[test]
fn b16_what_happens_and_why_it_ends_is_told_to_the_syslog() {
    if !can_trace() {
        return;
    }
    let home = Home::new(PROGRAM);
    home.set_uci("cpe", "log_to_syslog", "1");
    home.set_uci("cpe", "log_to_console", "0");
    let trace = |name: &str| home.model_dir().with_file_name(name);
    let start = |name: &str| {
        let file = trace(name).to_string_lossy().into_owned();
        home.start_under(&[
            "strace",
            "-f",
            "-D",
            "-s",
            "500",
            "-o",
            &file,
            "-e",
            "trace=sendto",
        ])
    };
    let read = |name: &str| fs::read_to_string(trace(name)).unwrap_or_default();
    let _running = start("first");
    wait_for("the first line of the agent", || {
        let text = read("first");
        let told = syslog_lines(&text);
        told.iter()
            .any(|line| line.contains(": cwmpd "))
            .then_some(())
    });
    let mut second = start("second");
    assert!(!second.wait().success());
    let text = read("second");
    let told = syslog_lines(&text);
    assert!(
        told.iter()
            .any(|line| line.contains("<27>") && line.contains("another cwmpd")),
        "{told:?}"
    );
}
