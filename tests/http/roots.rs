//! The system's authorities, and those that the configuration names in their place.

use std::process::Command;

use cwmpd::http::error::CertificateProblem;
use cwmpd_lab::http::{Authority, Leaf};
use cwmpd_lab::{Folder, rerun};

use crate::tls::{problem, serving, trusting};
use crate::{get_with, settings};

#[test]
#[ignore = "run by the test below, in a system with an authority of the test's"]
fn where_the_system_trusts_an_authority() {
    let (public, lab) = (Authority::new("Public CA"), Authority::new("Lab CA"));
    let system = std::env::var_os("SSL_CERT_FILE").expect("the system's authorities");
    std::fs::write(system, public.pem()).unwrap();
    let server = serving(&public.issue(&Leaf::localhost()));
    let url = server.url("/");
    assert_eq!(get_with(&settings(), &url).unwrap().text(), "<a/>");
    let folder = Folder::new("roots");
    let file = trusting(&lab, &folder);
    let mut both = file.clone();
    both.tls.ca_path = Some(folder.to_path_buf());
    let mut path = both.clone();
    path.tls.ca_file = None;
    for named in [file, both, path] {
        let refused = problem(get_with(&named, &url));
        assert_eq!(refused, CertificateProblem::UnknownAuthority);
    }
}

#[test]
fn where_authorities_are_named_those_of_the_system_are_not_trusted() {
    let folder = Folder::new("system-roots");
    let mut env = Command::new("env");
    let system = folder.join("roots.pem");
    env.arg(format!("SSL_CERT_FILE={}", system.display()));
    rerun(&mut env, "roots::where_the_system_trusts_an_authority");
}

#[test]
#[ignore = "run by the test below, in a system as old as its"]
fn where_the_system_has_a_folder_of_certificates() {
    let folder = std::env::var_os("SSL_CERT_DIR").expect("the system's authorities");
    let folder = std::path::PathBuf::from(folder);
    let public = Authority::new("Public CA");
    std::fs::write(folder.join("notes.crt"), "no certificate").unwrap();
    let server = serving(&public.issue(&Leaf::localhost()));
    let url = server.url("/");
    let refused = problem(get_with(&settings(), &url));
    assert_eq!(refused, CertificateProblem::UnknownAuthority);
    std::fs::write(folder.join("Public_CA.crt"), public.pem()).unwrap();
    assert_eq!(get_with(&settings(), &url).unwrap().text(), "<a/>");
    // As soon as there are names by subject, or a bundle, those count alone.
    std::fs::write(folder.join("5ed36f99.0"), "").unwrap();
    assert!(get_with(&settings(), &url).is_err());
}

/// OpenWrt 14.07 has neither a bundle nor names by subject.
#[test]
fn b16_certificates_that_lie_loose_in_the_systems_folder_are_its_roots() {
    let folder = Folder::new("loose-roots");
    let mut env = Command::new("env");
    env.arg(format!("SSL_CERT_DIR={}", folder.path().display()));
    env.arg(format!("SSL_CERT_FILE={}", folder.join("none").display()));
    rerun(
        &mut env,
        "roots::where_the_system_has_a_folder_of_certificates",
    );
}
