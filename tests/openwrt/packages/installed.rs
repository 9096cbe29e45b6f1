//! What a package does on a router: installed, upgraded, removed.

use std::fs;

use super::apk::Apk;
use super::ipk::Ipk;
use super::router::{Router, SETTINGS};
use super::{OF_1407, Packages, Workshop, elf, with_ending};

const EDIT: &str = "\nconfig acs 'acs'\n\toption url 'https://acs.example.net/'\n";

/// Rows of the model, which an owner may edit too.
const ROWS: &str = "/etc/cwmpd/time.csv";
const OTHER_ROWS: &str = "/etc/cwmpd/device.csv";

/// The package of this version and one of a later, in which program, settings and rows are others.
fn two<T>(architecture: &str, read: impl Fn(&[u8]) -> T, ending: &str) -> Option<(T, T)> {
    let workshop = Workshop::new()?;
    let made = workshop.make(architecture);
    let one = read(&fs::read(with_ending(&made, ending)?).unwrap());
    let version = format!("version = \"{}\"", env!("CARGO_PKG_VERSION"));
    workshop.edit("Cargo.toml", &version, "version = \"9.0.0\"");
    for path in [SETTINGS, ROWS, OTHER_ROWS] {
        workshop.append(&path[1..], "# of the later version\n");
    }
    let program = [elf::fitting(architecture), b"later".to_vec()].concat();
    let output = workshop.pack(architecture, &program);
    let paths = String::from_utf8(output.stdout).unwrap();
    let path = paths.lines().find(|path| path.ends_with(ending)).unwrap();
    Some((one, read(&fs::read(path).unwrap())))
}

fn two_ipk(architecture: &str) -> Option<(Ipk, Ipk)> {
    two(architecture, Ipk::read, "ipk")
}

fn assert_works(router: &Router) {
    assert!(router.is_enabled());
    assert_eq!(router.runs_what_is_installed(), Some(true));
    let left = router.text("/usr/lib/opkg/info/cwmpd.list");
    let left = left
        .or_else(|| router.text("/lib/apk/packages/cwmpd.list"))
        .unwrap();
    for path in left
        .lines()
        .filter(|path| path.starts_with("/etc/uci-defaults/"))
    {
        assert!(!router.has(path), "{path} did not run");
    }
}

fn edit(router: &Router) {
    router.append(SETTINGS, EDIT);
    router.append(ROWS, "# mine\n");
}

/// What the owner changed is as it was; the rest is of the later version.
fn assert_kept(router: &Router, ending: &str) {
    assert!(router.text(SETTINGS).unwrap().ends_with(EDIT));
    assert!(router.text(ROWS).unwrap().ends_with("# mine\n"));
    for path in [SETTINGS, ROWS] {
        let offered = router.text(&format!("{path}{ending}")).unwrap();
        assert!(offered.ends_with("# of the later version\n"), "{path}");
    }
    assert!(
        router
            .text(OTHER_ROWS)
            .unwrap()
            .ends_with("# of the later version\n")
    );
    assert!(!router.has(&format!("{OTHER_ROWS}{ending}")));
}

fn assert_gone(router: &Router) {
    assert!(!router.is_enabled());
    assert_eq!(router.runs_what_is_installed(), None);
    for path in ["/usr/sbin/cwmpd", "/etc/init.d/cwmpd", OTHER_ROWS] {
        assert!(!router.has(path), "{path}");
    }
    assert!(router.text(SETTINGS).unwrap().ends_with(EDIT));
    assert!(router.text(ROWS).unwrap().ends_with("# mine\n"));
}

/// Installed, edited, upgraded, removed. No opkg stops the service before an upgrade but by the scripts
/// of the package.
fn live_under_opkg(mut router: Router, one: &Ipk, later: &Ipk) {
    router.opkg_install(one);
    assert_works(&router);
    edit(&router);
    router.opkg_install(later);
    assert_works(&router);
    assert_kept(&router, "-opkg");
    router.opkg_remove();
    assert_gone(&router);
}

#[test]
fn b05_opkg_installs_upgrades_and_removes_without_losing_what_was_edited() {
    let (Some((one, later)), Some(router)) = (two_ipk("mipsel_24kc"), Router::modern()) else {
        return;
    };
    live_under_opkg(router, &one, &later);
}

#[test]
fn b05_apk_installs_upgrades_and_removes_without_losing_what_was_edited() {
    let Some((one, later)) = two("aarch64_cortex-a53", Apk::read, "apk") else {
        return;
    };
    let Some(mut router) = Router::modern() else {
        return;
    };
    router.apk_add(&one);
    assert_works(&router);
    edit(&router);
    // apk does not stop the service before.
    router.apk_add(&later);
    assert_works(&router);
    assert_kept(&router, ".apk-new");
    router.apk_del(&later);
    assert_gone(&router);
}

#[test]
fn b05_a_service_that_was_switched_off_stays_off_in_an_upgrade() {
    for (architecture, router) in [
        ("mips_24kc", Router::modern()),
        (OF_1407, Router::of_1407()),
    ] {
        let (Some((one, later)), Some(mut router)) = (two_ipk(architecture), router) else {
            return;
        };
        router.opkg_install(&one);
        router.service("stop");
        router.service("disable");
        router.opkg_install(&later);
        assert!(!router.is_enabled(), "{architecture}");
        // The next upgrade finds nothing left over of this one.
        router.service("enable");
        router.opkg_install(&later);
        assert_works(&router);
    }
}

#[test]
fn b05_a_service_that_was_switched_off_stays_off_in_an_upgrade_by_apk() {
    let Some((one, later)) = two("x86_64", Apk::read, "apk") else {
        return;
    };
    let Some(mut router) = Router::modern() else {
        return;
    };
    router.apk_add(&one);
    router.service("disable");
    router.apk_add(&later);
    assert!(!router.is_enabled());
}

#[test]
fn b06_on_14_07_the_package_brings_what_the_box_has_not() {
    let (Some((one, later)), Some(router)) = (two_ipk(OF_1407), Router::of_1407()) else {
        return;
    };
    live_under_opkg(router, &one, &later);
}

/// The names of theirs end as ours do.
#[test]
fn b06_on_14_07_the_package_leaves_other_agents_alone() {
    let (Some((one, later)), Some(mut router)) = (two_ipk(OF_1407), Router::of_1407()) else {
        return;
    };
    let defaults = "/etc/uci-defaults/10-icwmpd";
    router.run(&["mkdir", "-p", "/etc/uci-defaults"], &[]);
    router.append(defaults, "echo run >/tmp/icwmpd\n");
    router.append("/etc/rc.d/S90icwmpd", "");
    router.opkg_install(&one);
    assert!(router.has(defaults) && !router.has("/tmp/icwmpd"));
    router.service("stop");
    router.service("disable");
    assert!(!router.is_enabled() && router.has("/etc/rc.d/S90icwmpd"));
    router.opkg_install(&later);
    assert!(!router.is_enabled());
}

#[test]
fn b06_no_script_for_14_07_calls_what_came_later() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let Packages { ipk, .. } = workshop.packages(OF_1407);
    for name in ["preinst", "postinst", "prerm"] {
        let script = ipk.text(name).unwrap();
        let lines = script.lines().filter(|line| !line.starts_with('#'));
        for word in [
            "default_",
            "functions.sh",
            "PKG_UPGRADE",
            "ujail",
            "service ",
        ] {
            assert!(
                lines.clone().all(|line| !line.contains(word)),
                "{name}: {word}"
            );
        }
    }
}

#[test]
fn b06_an_image_of_14_07_is_made_without_starting_anything() {
    let (Some(workshop), Some(router)) = (Workshop::new(), Router::of_1407()) else {
        return;
    };
    let Packages { ipk, .. } = workshop.packages(OF_1407);
    for (name, argument) in [
        ("preinst", "install"),
        ("postinst", "configure"),
        ("prerm", "remove"),
    ] {
        router.append(&format!("/tmp/{name}"), &ipk.text(name).unwrap());
        let image = [("IPKG_INSTROOT", "/build/root")];
        let done = router.run(&["sh", &format!("/tmp/{name}"), argument], &image);
        assert!(
            done.status.success() && done.stderr.is_empty(),
            "{name}: {done:?}"
        );
        assert!(
            !router.has("/tmp/service") && !router.has("/tmp/.uci"),
            "{name}"
        );
    }
}
