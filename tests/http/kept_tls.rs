//! What of TLS is kept from one client to the next, and when it is not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use cwmpd::base::stamp::Stamp;
use cwmpd::http::error::{CertificateProblem, HttpError};
use cwmpd::http::{HttpClient, HttpSettings};
use cwmpd_lab::home::wait_for;
use cwmpd_lab::http::{Authority, EXPIRED, Leaf, Reply, Server, ServerTls};
use cwmpd_lab::{Folder, Openings, rerun};

use crate::tls::{problem, serving, trusting};
use crate::{get, get_with, settings};

/// Waits until the state of each file is told from each later one: only then is anything kept.
fn settle(files: &[&Path]) {
    wait_for("the clock of the file system to go on", || {
        let now = SystemTime::now();
        let mut stamps = files.iter().filter_map(|file| Stamp::of(file));
        stamps.all(|stamp| stamp.is_settled(now)).then_some(())
    });
}

/// Two texts of one length.
fn of_one_length(one: Vec<u8>, other: Vec<u8>) -> (Vec<u8>, Vec<u8>) {
    let longer = one.len().max(other.len());
    let filled = |mut text: Vec<u8>| {
        text.resize(longer, b'\n');
        text
    };
    (filled(one), filled(other))
}

#[test]
fn b25_files_are_read_once_for_all_clients() {
    let folder = Folder::new("read-once");
    let authority = Authority::new("Lab CA");
    let mut bundle = Authority::new("First CA").pem();
    bundle.extend(authority.pem());
    bundle.extend(Authority::new("Third CA").pem());
    let identity = authority.issue(&Leaf::localhost());
    let tls = ServerTls::wanting_client(&identity, &authority);
    let server = Server::start_tls(tls, |_, _| Reply::new(204));
    let mut settings = settings();
    let [ca, cert, key] = [
        folder.file("ca.pem", bundle),
        folder.file("cert.pem", identity.cert_pem()),
        folder.file("key.pem", identity.key_pem()),
    ];
    settings.tls.ca_file = Some(ca.clone());
    settings.tls.client_cert = Some((cert.clone(), key.clone()));
    settle(&[&ca, &cert, &key]);
    let openings = Openings::of([&*ca, &*cert, &*key]);
    for client in 1..=10 {
        let answer = get_with(&settings, &server.url("/")).unwrap();
        assert_eq!(answer.status, 204);
        let opened = if client == 1 { 3 } else { 0 };
        assert_eq!(openings.count(), opened, "client {client}");
    }
    assert_eq!(server.connections(), 10);
}

#[test]
fn b25_a_folder_is_read_once_and_again_when_a_file_of_it_is_another() {
    let parent = Folder::new("read-folder");
    let folder = parent.join("roots");
    fs::create_dir(&folder).unwrap();
    let (good, other) = (Authority::new("Lab CA"), Authority::new("Other CA"));
    let (good_pem, other_pem) = of_one_length(good.pem(), other.pem());
    let server = serving(&good.issue(&Leaf::localhost()));
    let root = folder.join("a.pem");
    fs::write(&root, &good_pem).unwrap();
    fs::write(folder.join("b.pem"), Authority::new("CA B").pem()).unwrap();
    let mut settings = settings();
    settings.tls.ca_path = Some(folder.clone());
    let meet = || get_with(&settings, &server.url("/"));
    settle(&[&root, &folder.join("b.pem"), &folder]);
    let openings = Openings::of([&*root]);
    for _ in 0..3 {
        assert_eq!(meet().unwrap().text(), "<a/>");
    }
    assert_eq!(openings.count(), 1);
    // In its place, of the same length: the folder itself does not change.
    fs::write(&root, &other_pem).unwrap();
    assert_eq!(problem(meet()), CertificateProblem::UnknownAuthority);
    fs::write(&root, &good_pem).unwrap();
    assert_eq!(meet().unwrap().text(), "<a/>");
    // Gone.
    settle(&[&root, &folder]);
    meet().unwrap();
    fs::remove_file(&root).unwrap();
    assert_eq!(problem(meet()), CertificateProblem::UnknownAuthority);
    // One more.
    settle(&[&folder]);
    let _ = meet();
    fs::write(folder.join("c.pem"), &good_pem).unwrap();
    assert_eq!(meet().unwrap().text(), "<a/>");
    // All of it.
    settle(&[&folder, &folder.join("c.pem")]);
    meet().unwrap();
    fs::rename(&folder, parent.join("elsewhere")).unwrap();
    assert!(matches!(meet(), Err(HttpError::File { .. })));
}

/// Each way in which a file may become another, after it was kept.
#[test]
fn b25_a_changed_file_is_read_again_and_falls_closed() {
    let folder = Folder::new("changed");
    let (good, other) = (Authority::new("Lab CA"), Authority::new("Other CA"));
    let (good_pem, other_pem) = of_one_length(good.pem(), other.pem());
    let server = serving(&good.issue(&Leaf::localhost()));
    let path = folder.file("ca.pem", &good_pem);
    let mut settings = settings();
    settings.tls.ca_file = Some(path.clone());
    let meet = || get_with(&settings, &server.url("/"));
    let kept_time = |write: &dyn Fn()| {
        let time = fs::metadata(&path).unwrap().modified().unwrap();
        write();
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(time).unwrap();
    };
    let put = |text: &[u8]| {
        let new = folder.file("new.pem", text);
        fs::rename(new, &path).unwrap();
    };
    let (stranger, file) = ("not signed by a known authority", "ssl_cacert");
    let ways: [(&str, &dyn Fn(), &str); 6] = [
        ("put in its place", &|| put(&other_pem), stranger),
        (
            "put in its place with its time",
            &|| kept_time(&|| put(&other_pem)),
            stranger,
        ),
        (
            "written over with its time",
            &|| kept_time(&|| fs::write(&path, &other_pem).unwrap()),
            stranger,
        ),
        ("emptied", &|| fs::write(&path, "").unwrap(), file),
        ("gone", &|| fs::remove_file(&path).unwrap(), file),
        (
            "a folder",
            &|| {
                fs::remove_file(&path).unwrap();
                fs::create_dir(&path).unwrap();
            },
            file,
        ),
    ];
    for (how, change, refusal) in ways {
        settle(&[&path]);
        for _ in 0..2 {
            assert_eq!(meet().unwrap().text(), "<a/>", "before it is {how}");
        }
        change();
        for _ in 0..2 {
            let error = meet().unwrap_err().to_string();
            assert!(error.contains(refusal), "{how}: {error}");
        }
        let _ = fs::remove_dir(&path);
        put(&good_pem);
        assert_eq!(meet().unwrap().text(), "<a/>", "after it was {how}");
    }
}

/// Faster than the clock of the file system ticks, and of the same length.
#[test]
fn b25_a_file_that_changes_with_each_client_is_never_taken_for_the_one_before() {
    let folder = Folder::new("fast");
    let (good, other) = (Authority::new("Lab CA"), Authority::new("Other CA"));
    let (good_pem, other_pem) = of_one_length(good.pem(), other.pem());
    let server = serving(&good.issue(&Leaf::localhost()));
    let path = folder.file("ca.pem", &good_pem);
    let mut settings = settings();
    settings.tls.ca_file = Some(path.clone());
    for round in 0..60 {
        fs::write(&path, &good_pem).unwrap();
        get_with(&settings, &server.url("/")).unwrap();
        fs::write(&path, &other_pem).unwrap();
        let refused = problem(get_with(&settings, &server.url("/")));
        assert_eq!(refused, CertificateProblem::UnknownAuthority, "{round}");
    }
}

#[test]
fn b25_another_configuration_is_not_taken_for_the_one_before() {
    let folder = Folder::new("configurations");
    let (good, other) = (Authority::new("Lab CA"), Authority::new("Other CA"));
    let server = serving(&good.issue(&Leaf::localhost()));
    let right = trusting(&good, &folder);
    let mut wrong = right.clone();
    wrong.tls.ca_file = Some(folder.file("other.pem", other.pem()));
    let mut insecure = wrong.clone();
    insecure.tls.insecure = true;
    let mut unusable = right.clone();
    unusable.tls.unusable = Some("line 7 may be about TLS".to_owned());
    settle(&[&folder.join("ca.pem"), &folder.join("other.pem")]);
    let meet = |settings: &HttpSettings| get_with(settings, &server.url("/"));
    for _ in 0..3 {
        assert_eq!(meet(&right).unwrap().text(), "<a/>");
        assert_eq!(problem(meet(&wrong)), CertificateProblem::UnknownAuthority);
        assert_eq!(meet(&insecure).unwrap().text(), "<a/>");
        assert_eq!(problem(meet(&wrong)), CertificateProblem::UnknownAuthority);
        assert_eq!(meet(&right).unwrap().text(), "<a/>");
        assert!(matches!(meet(&unusable), Err(HttpError::TlsUnusable(_))));
    }
}

#[test]
fn b25_whether_dates_count_is_not_kept() {
    let folder = Folder::new("kept-dates");
    let authority = Authority::new("Lab CA");
    let server = serving(&authority.issue(&Leaf::valid(EXPIRED)));
    let sure = trusting(&authority, &folder);
    let unsure = HttpSettings {
        check_dates: false,
        ..sure.clone()
    };
    settle(&[&folder.join("ca.pem")]);
    let openings = Openings::of([&*folder.join("ca.pem")]);
    for _ in 0..3 {
        let mut client = HttpClient::new(unsure.clone());
        assert_eq!(get(&mut client, &server.url("/")).unwrap().text(), "<a/>");
        let dates = client.unchecked_dates().expect("dates to check later");
        assert!(dates.check_at(0).is_err());
        let refused = problem(get_with(&sure, &server.url("/")));
        assert_eq!(refused, CertificateProblem::Expired);
    }
    assert_eq!(openings.count(), 1, "it was kept all the time");
}

#[test]
#[ignore = "run by the test below, in a system with authorities of the test's"]
fn where_the_system_has_a_bundle_and_a_folder() {
    let place = |name| PathBuf::from(std::env::var_os(name).expect("the system's authorities"));
    let (bundle, folder) = (place("SSL_CERT_FILE"), place("SSL_CERT_DIR"));
    let (in_bundle, in_folder) = (Authority::new("Bundle CA"), Authority::new("Folder CA"));
    let certificate = folder.join(format!("{:08x}.0", in_folder.subject_hash()));
    fs::write(&bundle, in_bundle.pem()).unwrap();
    fs::write(&certificate, in_folder.pem()).unwrap();
    let [of_bundle, of_folder] =
        [&in_bundle, &in_folder].map(|authority| serving(&authority.issue(&Leaf::localhost())));
    let settings = settings();
    let meet = |server: &Server| get_with(&settings, &server.url("/"));
    settle(&[&bundle, &folder, &certificate]);
    let openings = Openings::of([&*bundle, &*certificate]);
    for _ in 0..3 {
        meet(&of_bundle).unwrap();
        meet(&of_folder).unwrap();
    }
    assert_eq!(openings.count(), 2);
    // In its place: the folder does not change.
    let other = Authority::new("Another CA").pem();
    fs::write(&certificate, &other).unwrap();
    let refused = problem(meet(&of_folder));
    assert_eq!(refused, CertificateProblem::UnknownAuthority);
    meet(&of_bundle).unwrap();
    fs::write(&bundle, &other).unwrap();
    let refused = problem(meet(&of_bundle));
    assert_eq!(refused, CertificateProblem::UnknownAuthority);
}

#[test]
fn b25_the_roots_of_the_system_are_read_once_and_again_when_they_are_others() {
    let folder = Folder::new("system-kept");
    fs::create_dir(folder.join("certs")).unwrap();
    let mut env = Command::new("env");
    env.arg(format!(
        "SSL_CERT_FILE={}",
        folder.join("roots.pem").display()
    ));
    env.arg(format!("SSL_CERT_DIR={}", folder.join("certs").display()));
    rerun(
        &mut env,
        "kept_tls::where_the_system_has_a_bundle_and_a_folder",
    );
}
