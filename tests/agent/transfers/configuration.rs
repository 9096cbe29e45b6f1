//! Configurations out and in: a backup, a restore, and one that is undone since the ACS is out of reach
//! with it.

use std::fs;

use cwmpd::soap::Message;
use cwmpd_lab::acs::{download, upload};
use cwmpd_lab::home::{Daemon, wait_for};
use cwmpd_lab::http::Reply;

use super::{Site, succeeded};

const CONFIGURATION: &str = "3 Vendor Configuration File";

fn site(name: &str) -> Option<Site> {
    let site = Site::new(name)?;
    site.home
        .write_config("system", "config system\n\toption hostname 'before'\n");
    site.home.set_uci("transfer", "rollback", "3");
    Some(site)
}

fn order(site: &Site, agent: &Daemon<'_>, url: &str) {
    agent.inform();
    site.acs.session(|s| {
        s.inform();
        s.transfer(download("restore", CONFIGURATION, url));
        s.end();
    });
}

fn packages(site: &Site) -> [String; 2] {
    ["cwmpd", "system"].map(|name| fs::read_to_string(site.home.config_dir().join(name)).unwrap())
}

/// A configuration as text, with another name of the host; its URL.
fn lost(site: &Site) -> String {
    let text = "package system\n\nconfig system\n\toption hostname 'lost'\n";
    site.offer("lost", text)
}

fn is_lost(site: &Site) -> bool {
    packages(site)[1].contains("'lost'")
}

#[test]
fn t02_a_backup_goes_to_the_server_and_comes_back() {
    let Some(site) = site("t02-backup") else {
        return;
    };
    let agent = site.start();
    agent.inform();
    site.acs.session(|s| {
        s.inform();
        let url = site.url("backup.tar.gz");
        s.transfer(upload("backup", "1 Vendor Configuration File", &url));
        s.end();
    });
    let (events, complete) = site.acs.completion();
    assert_eq!(events, ["7 TRANSFER COMPLETE", "M Upload backup"]);
    succeeded(&complete, "backup");
    let before = packages(&site);
    agent.set("DeviceInfo.HostName", "after");
    assert_ne!(packages(&site), before);
    wait_for("the services", || {
        site.home
            .programs()
            .last()
            .cloned()
            .filter(|p| p == "reload_config")
    });
    order(&site, &agent, &site.url("backup.tar.gz"));
    let (events, complete) = site.acs.completion();
    assert_eq!(events, ["7 TRANSFER COMPLETE", "M Download restore"]);
    succeeded(&complete, "restore");
    assert_eq!(packages(&site), before);
    assert_eq!(agent.get("DeviceInfo.HostName"), "before");
    let reloads = site.home.programs();
    assert_eq!(reloads.last().map(String::as_str), Some("reload_config"));
    site.is_clean();
}

#[test]
fn t26_a_configuration_with_which_the_acs_is_out_of_reach_is_undone() {
    let Some(site) = site("t26") else { return };
    site.home.set_uci("acs", "retry_min_wait_interval", "1");
    site.home
        .set_uci("acs", "retry_interval_multiplier", "1000");
    let agent = site.start();
    let before = packages(&site);
    order(&site, &agent, &lost(&site));
    wait_for("the new configuration", || is_lost(&site).then_some(()));
    // Until the former configuration is back, who answers is not the ACS.
    let mut attempts = 0;
    let complete = loop {
        let told = site.acs.session(|s| {
            let events = s.receive_inform().event;
            if is_lost(&site) {
                s.answer(Reply::new(503));
                return None;
            }
            let codes = events.iter().map(|event| &*event.event_code);
            let codes: Vec<_> = codes.filter(|code| *code != "4 VALUE CHANGE").collect();
            assert_eq!(codes, ["7 TRANSFER COMPLETE", "M Download"]);
            s.respond(Message::InformResponse { max_envelopes: 1 });
            let complete = s.transfer_complete();
            s.end();
            Some(complete)
        });
        match told {
            Some(complete) => break complete,
            None => attempts += 1,
        }
        assert!(attempts < 20, "the trial has an end");
    };
    assert!(attempts > 0, "it was tried");
    assert_ne!(complete.fault.code, 0);
    let words = &complete.fault.string;
    assert!(words.contains("ACS"), "{words}");
    assert_eq!(packages(&site), before);
    assert_eq!(agent.get("DeviceInfo.HostName"), "before");
    site.is_clean();
}

/// The agent dies while the configuration is being put in force, or the whole box does.
#[test]
fn t36_a_configuration_whose_services_end_the_agent_is_on_trial_all_the_same() {
    for power in [false, true] {
        let Some(site) = site("t36-configuration") else {
            return;
        };
        site.home.set_command("reload_config", "sleep 600");
        let agent = site.start();
        order(&site, &agent, &lost(&site));
        wait_for("the services", || {
            site.home.log().contains("/reload_config").then_some(())
        });
        agent.kill();
        site.home.set_command("reload_config", "exit 0");
        if power {
            site.home.power_cycle();
        }
        let _agent = site.home.start();
        let (events, complete) = site.acs.completion();
        let told = events
            .iter()
            .map(String::as_str)
            .filter(|event| *event != "1 BOOT");
        let told: Vec<_> = told.collect();
        assert_eq!(told, ["7 TRANSFER COMPLETE", "M Download restore"]);
        assert_eq!(events.len() > told.len(), power);
        succeeded(&complete, "restore");
        assert!(is_lost(&site));
    }
}

#[test]
fn t27_what_is_no_configuration_changes_nothing() {
    let Some(site) = site("t27") else { return };
    let agent = site.start();
    let before = packages(&site);
    order(&site, &agent, &site.offer("page", "<html>404</html>"));
    let (_, complete) = site.acs.completion();
    assert_eq!(complete.fault.code, 9018, "{complete:?}");
    assert_eq!(packages(&site), before);
    assert_eq!(site.home.programs(), [""; 0]);
}
