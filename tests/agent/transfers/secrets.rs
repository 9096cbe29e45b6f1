//! What a transfer knows and nobody else need see: user, password, and the query of a URL.

use std::fs;
use std::time::Duration;

use cwmpd::soap::Message;
use cwmpd_lab::acs::{Side, download, upload};
use cwmpd_lab::home::wait_for;
use cwmpd_lab::http::{Reply, Server};

use super::{SOUNDS, Site};

/// In each password and query of these tests.
const TELLTALE: &str = "telltale";

#[test]
fn t12_passwords_are_in_the_state_alone_and_only_as_long_as_they_are_needed() {
    let Some(site) = Site::new("t12") else { return };
    site.home.set_command("logread", "echo line");
    // Nobody is let in; the second one hangs.
    let refuses = Server::start(|_, _| {
        Reply::new(401).header(
            "WWW-Authenticate",
            "Digest realm=\"r\", nonce=\"n\", qop=\"auth\"",
        )
    });
    let hangs = Server::start(|_, _| {
        Reply::new(200)
            .body("x".repeat(9000))
            .wait_in_body(10, Duration::from_secs(60))
    });
    let with_password = |call: Message| match call {
        Message::Download(mut call) => {
            call.username = "box".to_owned();
            call.password = format!("{TELLTALE}-1").as_str().into();
            Message::Download(call)
        }
        Message::Upload(mut call) => {
            call.username = "box".to_owned();
            call.password = format!("{TELLTALE}-2").as_str().into();
            Message::Upload(call)
        }
        call => call,
    };
    let agent = site.start();
    agent.inform();
    let query = format!("?key={TELLTALE}-3");
    site.acs.session(|s| {
        s.inform();
        let log = refuses.url(&format!("/box.log{query}"));
        s.transfer(with_password(upload("log", "2 Vendor Log File", &log)));
        s.end();
    });
    let (_, complete) = site.acs.completion();
    assert_eq!(complete.fault.code, 9012, "{complete:?}");
    agent.inform();
    site.acs.session(|s| {
        s.inform();
        let sound = hangs.url(&format!("/bell.wav{query}"));
        s.transfer(with_password(download("bell", SOUNDS, &sound)));
        s.end();
    });
    let status = wait_for("the file on its way", || {
        let status = agent.status();
        status.contains("under way:").then_some(status)
    });
    let dump = site.home.run(&["dump"]).out;
    for (place, text) in [("log", site.home.log()), ("status", status), ("dump", dump)] {
        assert!(!text.contains(TELLTALE), "{place}: {text}");
    }
    for entry in site.acs.transcript() {
        let is_box = entry.side == Side::Box;
        assert!(!is_box || !entry.xml.contains(TELLTALE), "{}", entry.xml);
    }
    // What waits is kept with the passwords of the ACS, for its owner alone.
    agent.inform();
    site.acs.session(|s| {
        s.inform();
        s.cancel("bell");
        s.end();
    });
    site.is_clean();
    agent.stop();
    for folder in [site.home.model_dir(), site.home.run_dir()] {
        for file in fs::read_dir(folder).unwrap().flatten() {
            let text = fs::read(file.path()).unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            let name = file.file_name();
            let is_open = !name.to_string_lossy().starts_with("parameters.");
            assert!(!is_open || !text.contains(TELLTALE), "{name:?}");
        }
    }
}

#[test]
fn t74_a_backup_that_is_called_off_while_it_is_made_is_not_left_behind() {
    let Some(site) = Site::new("t74") else { return };
    let [begun, over] = ["begun", "over"].map(|name| site.folder.join(name));
    let (folder, begins, ends) = (site.folder.path(), begun.display(), over.display());
    // What comes before the archive takes its time.
    let script = format!(
        "touch {begins}; sleep 0.5; tar -C {} -czf \"$2\" begun; touch {ends}",
        folder.display()
    );
    site.home.set_command("sysupgrade", &script);
    let agent = site.start();
    agent.inform();
    site.acs.session(|s| {
        s.inform();
        let url = site.url("backup");
        s.transfer(upload("backup", "1 Vendor Configuration File", &url));
        wait_for("sysupgrade", || begun.exists().then_some(()));
        let cancel = Message::CancelTransfer {
            command_key: "backup".to_owned(),
        };
        assert_eq!(s.call(cancel), Message::CancelTransferResponse);
        s.end();
    });
    wait_for("its end", || over.exists().then_some(()));
    site.is_clean();
}
