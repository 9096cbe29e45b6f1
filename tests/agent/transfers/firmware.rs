//! A firmware upgrade from the Download to `M Download` after the boot, and the ways in which it does
//! not come to that.

use std::fs;
use std::time::Duration;

use cwmpd::soap::{Message, TransferComplete};
use cwmpd_lab::acs::download;
use cwmpd_lab::home::{Daemon, wait_for};
use cwmpd_lab::openwrt::{BOARD, FIRST_REVISION, Mishap, image};

use super::{Site, succeeded};

const FIRMWARE: &str = "1 Firmware Upgrade Image";
const NEXT_REVISION: &str = "r2-000002";

/// A box, and an image of the next firmware on the server; its URL.
fn site(name: &str) -> Option<(Site, String)> {
    let site = Site::new(name)?;
    let next = image(BOARD, "2.0", NEXT_REVISION, true);
    let url = site.offer("firmware.bin", next);
    Some((site, url))
}

/// The ACS orders it, without a word about size, user or names.
fn order(site: &Site, agent: &Daemon<'_>, url: &str) {
    agent.inform();
    site.acs.session(|s| {
        s.inform();
        s.transfer(download("upgrade", FIRMWARE, url));
        s.end();
    });
}

/// How `sysupgrade` was called, without paths.
fn calls(site: &Site) -> Vec<String> {
    let calls = site.system.calls().into_iter();
    let words = calls.map(|line| {
        let words = line.split(' ').filter(|word| !word.starts_with('/'));
        words.collect::<Vec<_>>().join(" ")
    });
    words
        .filter(|call| call.starts_with("sysupgrade"))
        .collect()
}

/// The flash takes the box down, with the agent.
fn goes_down(site: &Site, mut agent: Daemon<'_>) {
    agent.wait();
    wait_for("the end of the flash", || {
        site.system.is_down().then_some(())
    });
}

/// The box boots, and tells the ACS how it ended.
fn told_after_boot(site: &Site) -> (Daemon<'_>, TransferComplete) {
    let agent = site.home.start();
    let (events, complete) = site.acs.completion();
    let expected = ["1 BOOT", "7 TRANSFER COMPLETE", "M Download upgrade"];
    assert_eq!(events, expected);
    (agent, complete)
}

#[test]
fn t35_a_firmware_upgrade() {
    let Some((site, url)) = site("t35") else {
        return;
    };
    let agent = site.start();
    order(&site, &agent, &url);
    goes_down(&site, agent);
    assert_eq!(calls(&site), ["sysupgrade -T", "sysupgrade"]);
    let (agent, complete) = told_after_boot(&site);
    succeeded(&complete, "upgrade");
    assert_eq!(site.system.revision(), NEXT_REVISION);
    site.is_clean();
    let left = fs::read_dir(site.home.model_dir()).unwrap().flatten();
    let mut left = left.map(|entry| entry.file_name().into_string().unwrap());
    assert_eq!(left.find(|name| name.starts_with("flash")), None);
    // Never again.
    agent.kill();
    site.home.power_cycle();
    let _agent = site.home.start();
    assert_eq!(site.acs.quiet_session(), ["1 BOOT"]);
    assert_eq!(calls(&site), [""; 0]);
}

#[test]
fn t35_an_upgrade_that_keeps_only_the_way_to_the_acs() {
    let Some((site, url)) = site("t35-new") else {
        return;
    };
    site.home.set_uci("transfer", "keep_settings", "0");
    site.home
        .write_config("system", "config system\n\toption hostname 'mine'\n");
    let agent = site.start();
    order(&site, &agent, &url);
    goes_down(&site, agent);
    assert_eq!(calls(&site), ["sysupgrade -T -n -f", "sysupgrade -n -f"]);
    // The ACS knows the box.
    let (_agent, complete) = told_after_boot(&site);
    succeeded(&complete, "upgrade");
    assert!(!site.home.config_dir().join("system").exists());
}

/// GenieACS tells no user, no name, and a size that is that of another file, or 0.
#[test]
fn t39_an_image_that_genieacs_pushes() {
    for size in [7, 5_000_000] {
        let Some((site, url)) = site("t39") else {
            return;
        };
        let agent = site.start();
        agent.inform();
        let Message::Download(mut call) = download("upgrade", FIRMWARE, &url) else {
            return;
        };
        call.file_size = size;
        site.acs.session(|s| {
            s.inform();
            s.transfer(Message::Download(call));
            s.end();
        });
        goes_down(&site, agent);
        let (_agent, complete) = told_after_boot(&site);
        succeeded(&complete, "upgrade");
        assert_eq!(site.system.revision(), NEXT_REVISION, "{size}");
    }
}

#[test]
fn w23_an_image_that_is_none_leaves_the_box_as_it_is_and_is_told_at_once() {
    let Some((site, _)) = site("w23") else {
        return;
    };
    let url = site.offer("page", "<html>404, with status 200</html>");
    let agent = site.start();
    order(&site, &agent, &url);
    let (events, complete) = site.acs.completion();
    assert_eq!(events, ["7 TRANSFER COMPLETE", "M Download upgrade"]);
    assert_eq!(complete.fault.code, 9018);
    let words = &complete.fault.string;
    assert!(words.contains("Image check failed"), "{words}");
    assert_eq!(calls(&site), ["sysupgrade -T"]);
    site.is_clean();
}

#[test]
fn t38_a_flash_that_fails_does_not_mute_the_box() {
    let Some((site, url)) = site("t38-fails") else {
        return;
    };
    site.system.mishap(Some(Mishap::Refused));
    let agent = site.start();
    order(&site, &agent, &url);
    let (events, complete) = site.acs.completion();
    assert_eq!(events, ["7 TRANSFER COMPLETE", "M Download upgrade"]);
    assert_eq!(complete.fault.code, 9010);
    let words = &complete.fault.string;
    assert!(words.contains("Could not open mtd device"), "{words}");
    agent.inform();
    assert_eq!(site.acs.quiet_session(), ["6 CONNECTION REQUEST"]);
}

#[test]
fn t38_a_flash_that_never_was_is_told_as_such_after_the_boot() {
    for mishap in [Mishap::NotFlashed, Mishap::OldAgain] {
        let Some((site, url)) = site("t38-old") else {
            return;
        };
        site.system.mishap(Some(mishap));
        let agent = site.start();
        order(&site, &agent, &url);
        goes_down(&site, agent);
        let (_agent, complete) = told_after_boot(&site);
        assert_eq!(complete.fault.code, 9010, "{complete:?}");
        let words = &complete.fault.string;
        assert!(words.contains(FIRST_REVISION), "{words}");
        assert_eq!(calls(&site), ["sysupgrade -T", "sysupgrade"], "once");
    }
}

/// The agent is killed, and started anew by procd, while the box goes down.
#[test]
fn t36_a_start_in_the_middle_of_a_flash_disturbs_nothing() {
    let Some((site, url)) = site("t36-middle") else {
        return;
    };
    site.system.hold(true);
    let agent = site.start();
    order(&site, &agent, &url);
    wait_for("the flash", || (calls(&site).len() == 2).then_some(()));
    agent.kill();
    let agent = site.home.start();
    site.system.set_agent(agent.pid());
    let _ = site.home.run(&["inform"]);
    assert!(site.acs.is_left_alone_for(Duration::from_millis(500)));
    assert_eq!(calls(&site), ["sysupgrade -T", "sysupgrade"]);
    site.system.hold(false);
    goes_down(&site, agent);
    let (_agent, complete) = told_after_boot(&site);
    succeeded(&complete, "upgrade");
    assert_eq!(calls(&site), ["sysupgrade -T", "sysupgrade"], "once");
}

/// Neither what somebody on the box does meanwhile, nor the end that the flash brings to all
/// programs.
#[test]
fn t34_nothing_meets_a_flash() {
    for ends in [false, true] {
        let Some((site, url)) = site("t34") else {
            return;
        };
        site.system.hold(true);
        site.home
            .write_config("system", "config system\n\toption timezone 'UTC'\n");
        let mut agent = site.start();
        order(&site, &agent, &url);
        wait_for("the flash", || (calls(&site).len() == 2).then_some(()));
        agent.set("Time.LocalTimeZone", "CET-1");
        if ends {
            agent.signal("TERM");
            assert!(agent.wait().success());
        }
        std::thread::sleep(Duration::from_millis(300));
        let programs = site.system.calls();
        assert_eq!(programs.len(), 2, "{programs:?}");
        site.system.hold(false);
        goes_down(&site, agent);
        let (_agent, complete) = told_after_boot(&site);
        succeeded(&complete, "upgrade");
    }
}

/// procd stops it in the session in which the image came.
#[test]
fn t64_an_agent_that_ends_begins_nothing() {
    let Some((site, url)) = site("t64") else {
        return;
    };
    let mut agent = site.start();
    agent.inform();
    site.acs.session(|s| {
        s.inform();
        s.transfer(download("upgrade", FIRMWARE, &url));
        agent.wait_for_log("bytes came");
        agent.signal("TERM");
        agent.wait_for_log("stopping");
        s.end();
    });
    assert!(agent.wait().success());
    assert_eq!(calls(&site), [""; 0]);
    let agent = site.home.start();
    site.system.set_agent(agent.pid());
    goes_down(&site, agent);
    let (_agent, complete) = told_after_boot(&site);
    succeeded(&complete, "upgrade");
}
