//! Packages and services as an ACS orders them: the real program, with a package manager of our own in
//! place of opkg and apk.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use cwmpd::base::xsd::XsdType;
use cwmpd::soap::{DuOperation, DuResult, Message};
use cwmpd_lab::acs::{AcsOptions, ScriptedAcs, Session};
use cwmpd_lab::files::{FileServer, ServedFile};
use cwmpd_lab::home::{Daemon, Home, free_port, wait_for};
use cwmpd_lab::packages::{PackageBox, Packager, package_file};

const UNIT: &str = "Device.SoftwareModules.DeploymentUnit.1";
const SERVICE: &str = "Device.SoftwareModules.ExecutionUnit.1";
const POLICY: &str = "Device.ManagementServer.DUStateChangeComplPolicy";

/// What an ACS calls a unit.
const UUID: &str = "6ba7b810-9dad-51d1-80b4-00c04fd430c8";

struct Site {
    acs: ScriptedAcs,
    home: Home,
    box_: PackageBox,
}

impl Site {
    fn new(packager: Packager) -> Self {
        let acs = ScriptedAcs::start(AcsOptions::default());
        let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
        home.set_acs(&acs.url());
        home.set_caller();
        home.set_uci("cpe", "port", &free_port().to_string());
        let box_ = PackageBox::new(&root(&home), packager);
        Self { acs, home, box_ }
    }

    fn start(&self) -> Daemon<'_> {
        let agent = self.home.start();
        assert_eq!(self.acs.quiet_session(), ["0 BOOTSTRAP", "1 BOOT"]);
        agent
    }

    /// A session in which the ACS orders these operations.
    fn order(&self, agent: &Daemon<'_>, operations: Vec<DuOperation>) {
        agent.inform();
        self.acs.session(|s| {
            s.inform();
            let call = Message::ChangeDUState {
                operations,
                command_key: "key".to_owned(),
            };
            assert_eq!(s.call(call), Message::ChangeDUStateResponse);
            s.end();
        });
    }

    /// The session that tells how they ended, and what the ACS looks at in it.
    fn ended<T>(&self, look: impl FnOnce(&mut Session<'_>) -> T) -> (Vec<DuResult>, T) {
        self.acs.session(|s| {
            let codes: Vec<String> = s
                .inform()
                .event
                .into_iter()
                .map(|event| event.event_code)
                .collect();
            assert!(codes.contains(&"M ChangeDUState".to_owned()), "{codes:?}");
            let Message::DUStateChangeComplete {
                results,
                command_key,
            } = s.receive_request()
            else {
                panic!("expected a DUStateChangeComplete");
            };
            assert_eq!(command_key, "key");
            s.respond(Message::DUStateChangeCompleteResponse);
            let looked = look(s);
            s.end();
            (results, looked)
        })
    }

    /// How often something was installed, not only tried.
    fn deeds(&self) -> usize {
        let log = self.box_.log();
        let deeds = log.lines().filter(|line| {
            ["opkg install ", "apk add "]
                .iter()
                .any(|deed| line.starts_with(deed))
        });
        deeds.count()
    }

    /// Waits until the package manager is let at it.
    fn begins(&self) {
        wait_for("the package manager", || (self.deeds() > 0).then_some(()));
    }

    fn carried_out(&self, agent: &Daemon<'_>, operation: DuOperation) -> DuResult {
        self.order(agent, vec![operation]);
        let (mut results, ()) = self.ended(|_| ());
        assert_eq!(results.len(), 1);
        results.remove(0)
    }
}

fn root(home: &Home) -> PathBuf {
    PathBuf::from(home.uci("cpe", "command_dir").unwrap())
}

fn served(name: &str, version: &str, more: &str) -> FileServer {
    FileServer::start(ServedFile::new(package_file(name, version, more)))
}

fn install(server: &FileServer, uuid: Option<&str>) -> DuOperation {
    DuOperation::Install {
        url: server.url(),
        uuid: uuid.map(str::to_owned),
        username: None,
        password: None,
        execution_env_ref: None,
    }
}

fn update(uuid: Option<&str>, url: Option<String>) -> DuOperation {
    DuOperation::Update {
        uuid: uuid.map(str::to_owned),
        version: None,
        url,
        username: None,
        password: None,
    }
}

fn uninstall(uuid: &str) -> DuOperation {
    DuOperation::Uninstall {
        uuid: uuid.to_owned(),
        version: None,
        execution_env_ref: None,
    }
}

#[track_caller]
fn is(result: &DuResult, uuid: &str, version: &str, state: &str, code: u32) {
    assert_eq!(
        (&*result.uuid, &*result.version),
        (uuid, version),
        "{result:?}"
    );
    assert_eq!(
        (&*result.current_state, result.fault.code),
        (state, code),
        "{result:?}"
    );
}

#[test]
fn t41_a_unit_is_installed_updated_and_removed_as_the_acs_says() {
    for packager in [Packager::Opkg, Packager::Apk] {
        let site = Site::new(packager);
        let agent = site.start();
        let first = served("tool", "1-r1", "Depends: libc\nService: toold\n");
        site.order(&agent, vec![install(&first, Some(UUID))]);
        let (results, shown) = site.ended(|s| {
            [
                "UUID",
                "Name",
                "Version",
                "Status",
                "URL",
                "ExecutionUnitList",
            ]
            .map(|name| s.value(&format!("{UNIT}.{name}")))
        });
        is(&results[0], UUID, "1-r1", "Installed", 0);
        assert_eq!(results[0].deployment_unit_ref.trim_end_matches('.'), UNIT);
        assert_eq!(
            results[0].execution_unit_ref_list.trim_end_matches('.'),
            SERVICE
        );
        assert!(results[0].resolved);
        assert!(results[0].start_time <= results[0].complete_time);
        let url = first.url();
        assert_eq!(
            shown,
            [UUID, "tool", "1-r1", "Installed", &*url, SERVICE].map(str::to_owned)
        );
        assert!(site.box_.has("tool", "1-r1"));

        let second = served("tool", "2-r1", "");
        let result = site.carried_out(&agent, update(Some(UUID), Some(second.url())));
        is(&result, UUID, "2-r1", "Installed", 0);
        let again = site.carried_out(&agent, update(Some(UUID), None));
        is(&again, UUID, "2-r1", "Installed", 9032);
        let result = site.carried_out(&agent, uninstall(UUID));
        is(&result, UUID, "2-r1", "Uninstalled", 0);
        assert!(!site.box_.list().contains("tool"));
        let unknown = site.carried_out(&agent, uninstall(UUID));
        assert_eq!(
            (unknown.fault.code, &*unknown.current_state),
            (9028, "Failed")
        );
    }
}

#[test]
fn t45_updates_by_url_and_of_all_take_what_each_unit_came_from() {
    let site = Site::new(Packager::Opkg);
    let agent = site.start();
    site.box_.feed("byhand", "1", "");
    let tool = served("tool", "1", "");
    let result = site.carried_out(&agent, install(&tool, None));
    let uuid = result.uuid.clone();
    is(&result, &uuid, "1", "Installed", 0);
    let duplicate = site.carried_out(&agent, install(&tool, None));
    assert_eq!(duplicate.fault.code, 9026, "{duplicate:?}");
    // Nobody knows where this one came from: the feeds have it.
    let other = site.carried_out(
        &agent,
        update(None, Some("http://127.0.0.1:9/x".to_owned())),
    );
    assert_eq!(other.fault.code, 9028);
    let by_url = site.carried_out(&agent, update(None, Some(tool.url())));
    assert_eq!((by_url.fault.code, &*by_url.uuid), (9032, &*uuid));
    site.order(&agent, vec![update(None, None)]);
    let (results, ()) = site.ended(|_| ());
    // It has what there is.
    is(&results[0], &uuid, "1", "Installed", 0);
}

#[test]
fn t50_a_package_that_takes_the_agent_away_is_refused_and_nothing_changed() {
    for packager in [Packager::Opkg, Packager::Apk] {
        let site = Site::new(packager);
        let agent = site.start();
        let before = site.box_.list();
        let rival = served("rival", "1", "Removes: cwmpd\n");
        let result = site.carried_out(&agent, install(&rival, None));
        assert_eq!(
            (result.fault.code, &*result.current_state),
            (9001, "Failed")
        );
        assert!(result.fault.string.contains("cwmpd"), "{result:?}");
        let junk = FileServer::start(ServedFile::new("<html>"));
        let result = site.carried_out(&agent, install(&junk, None));
        assert_eq!(result.fault.code, 9018, "{result:?}");
        assert_eq!(site.box_.list(), before);
        let run = fs::read_dir(site.home.run_dir()).unwrap();
        let mut names = run.map(|file| file.unwrap().file_name());
        assert!(!names.any(|name| name.to_string_lossy().starts_with("unit.")));
    }
}

#[test]
fn t43_an_agent_that_is_killed_while_a_package_comes_installs_it_once() {
    // Before anything is done, and when all is.
    for hang in ["hang", "hang-behind"] {
        let site = Site::new(Packager::Opkg);
        let agent = site.start();
        let tool = served("tool", "1", "");
        let hanging = site.box_.write(hang, "");
        site.order(&agent, vec![install(&tool, Some(UUID))]);
        wait_for("the package manager to hang", || {
            let is_there = hang == "hang" || site.box_.has("tool", "1");
            (is_there && site.box_.log().contains("install")).then_some(())
        });
        agent.kill();
        fs::remove_file(hanging).unwrap();
        let agent = site.home.start();
        let (results, ()) = site.ended(|_| ());
        is(&results[0], UUID, "1", "Installed", 0);
        assert_eq!(site.deeds(), 1, "{hang}: {}", site.box_.log());
        drop(agent);
    }
}

#[test]
fn t61_what_came_is_a_file_to_the_package_manager_and_no_name() {
    for packager in [Packager::Opkg, Packager::Apk] {
        let site = Site::new(packager);
        let agent = site.start();
        let result = site.carried_out(&agent, install(&served("tool", "1", ""), Some(UUID)));
        is(&result, UUID, "1", "Installed", 0);
    }
}

/// As where the package is that of the agent itself.
#[test]
fn t62_an_agent_that_starts_anew_waits_for_the_package_manager_that_is_at_work() {
    for packager in [Packager::Opkg, Packager::Apk] {
        let site = Site::new(packager);
        let agent = site.start();
        let tool = served("tool", "1", "");
        let hanging = site.box_.write("hang-before", "");
        site.order(&agent, vec![install(&tool, Some(UUID))]);
        site.begins();
        agent.kill();
        let _agent = site.home.start();
        assert!(site.acs.is_left_alone_for(Duration::from_millis(500)));
        fs::remove_file(hanging).unwrap();
        let (results, uuid) = site.ended(|s| s.value(&format!("{UNIT}.UUID")));
        is(&results[0], UUID, "1", "Installed", 0);
        assert_eq!(uuid, UUID);
        assert_eq!(site.deeds(), 1);
    }
}

/// As that of the agent does.
#[test]
fn t68_a_package_that_stops_the_agent_comes_all_the_same() {
    for packager in [Packager::Opkg, Packager::Apk] {
        let site = Site::new(packager);
        let mut agent = site.start();
        let tool = served("tool", "1", &format!("Stops: {}\n", agent.pid()));
        site.order(&agent, vec![install(&tool, Some(UUID))]);
        assert!(agent.wait().success());
        let _agent = site.home.start();
        let (results, ()) = site.ended(|_| ());
        is(&results[0], UUID, "1", "Installed", 0);
        assert_eq!(site.deeds(), 1, "{}", site.box_.log());
    }
}

/// The power was cut while opkg wrote its list, which it does in place.
#[test]
fn t75_from_a_list_that_is_cut_nobody_concludes_that_a_package_is_gone() {
    let site = Site::new(Packager::Opkg);
    let agent = site.start();
    site.carried_out(&agent, install(&served("tool", "1", ""), Some(UUID)));
    site.box_.write("hang-before", "");
    site.order(&agent, vec![uninstall(UUID)]);
    wait_for("the removal", || {
        let log = site.box_.log();
        log.contains("\nopkg --autoremove remove tool")
            .then_some(())
    });
    agent.kill();
    let opkg = fs::read_to_string(root(&site.home).join("pid")).unwrap();
    let killed = Command::new("kill").args(["-9", opkg.trim()]).status();
    assert!(killed.unwrap().success());
    let whole = site.box_.list();
    site.box_.write("usr/lib/opkg/status", &whole[..50]);
    let _agent = site.home.start();
    let (results, ()) = site.ended(|_| ());
    is(&results[0], UUID, "", "Failed", 9029);
}

#[test]
fn t63_a_unit_that_comes_during_a_session_is_told_as_it_is() {
    let site = Site::new(Packager::Opkg);
    let agent = site.start();
    let tool = served("tool", "1", "");
    let hanging = site.box_.write("hang-before", "");
    site.order(&agent, vec![install(&tool, Some(UUID))]);
    site.begins();
    agent.inform();
    site.acs.session(|s| {
        s.inform();
        fs::remove_file(&hanging).unwrap();
        wait_for("the package", || site.box_.has("tool", "1").then_some(()));
        // The agent hears of it, too.
        std::thread::sleep(Duration::from_millis(300));
        s.end();
    });
    let (results, uuid) = site.ended(|s| s.value(&format!("{UNIT}.UUID")));
    is(&results[0], UUID, "1", "Installed", 0);
    assert_eq!(results[0].deployment_unit_ref.trim_end_matches('.'), UNIT);
    assert!(results[0].resolved);
    assert_eq!(uuid, UUID);
}

#[test]
fn t49_a_service_is_stopped_and_started_after_the_session() {
    let site = Site::new(Packager::Opkg);
    let agent = site.start();
    let tool = served("tool", "1", "Service: toold\n");
    site.carried_out(&agent, install(&tool, None));
    for (value, word) in [("Idle", "stop"), ("Active", "start")] {
        agent.inform();
        site.acs.session(|s| {
            s.inform();
            let name = format!("{SERVICE}.RequestedState");
            s.set(&[(&name, XsdType::String, value)], "");
            s.end();
        });
        wait_for("the service to be told", || {
            site.box_
                .log()
                .contains(&format!("toold {word}\n"))
                .then_some(())
        });
        // Until then another wish is refused.
        agent.wait_for_log(&format!("toold was told to {word}"));
    }
}

/// Within the session in which the policy comes, whose values are those of its beginning, and behind
/// it.
#[test]
fn t54_what_somebody_on_the_box_installs_is_told_where_the_policy_wants_it() {
    for within in [true, false] {
        let site = Site::new(Packager::Opkg);
        let agent = site.start();
        let install_by_hand = || {
            let unit = "Package: byhand\nVersion: 3\nStatus: install user installed\n\n";
            let list = root(&site.home).join("usr/lib/opkg/status");
            fs::write(&list, site.box_.list() + unit).unwrap();
        };
        agent.inform();
        site.acs.session(|s| {
            s.inform();
            for (name, value) in [
                ("OperationTypeFilter", "Install,Uninstall"),
                ("ResultTypeFilter", "Both"),
            ] {
                s.set(&[(&format!("{POLICY}.{name}"), XsdType::String, value)], "");
            }
            s.set(&[(&format!("{POLICY}.Enable"), XsdType::Boolean, "1")], "");
            if within {
                install_by_hand();
                // What comes over the socket later is heard later.
                agent.status();
            }
            s.end();
        });
        if !within {
            install_by_hand();
        }
        site.acs.session(|s| {
            let codes: Vec<String> = s.inform().event.into_iter().map(|e| e.event_code).collect();
            assert!(
                codes.iter().any(|code| code.starts_with("12 ")),
                "{codes:?}"
            );
            let Message::AutonomousDUStateChangeComplete { results } = s.receive_request() else {
                panic!("expected an AutonomousDUStateChangeComplete");
            };
            s.respond(Message::AutonomousDUStateChangeCompleteResponse);
            assert_eq!(results[0].operation_performed, "Install");
            assert_eq!(results[0].result.version, "3");
            assert_eq!(
                results[0].result.deployment_unit_ref.trim_end_matches('.'),
                UNIT
            );
            s.end();
        });
        drop(agent);
    }
}

#[test]
fn t51_a_box_without_a_package_manager_has_no_units_and_no_method_for_them() {
    let site = Site::new(Packager::Opkg);
    fs::remove_dir_all(root(&site.home).join("usr")).unwrap();
    let agent = site.start();
    agent.inform();
    site.acs.session(|s| {
        s.inform();
        assert!(!s.methods().contains(&"ChangeDUState".to_owned()));
        assert_eq!(
            s.value("Device.SoftwareModules.DeploymentUnitNumberOfEntries"),
            "0"
        );
        s.end();
    });
}
