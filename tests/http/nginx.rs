//! Files to and from a real nginx, plain and over TLS.

use std::fs::{self, File};

use cwmpd::http::error::HttpError;
use cwmpd::http::{HttpClient, HttpRequest, Method, RequestBody};
use cwmpd_lab::Folder;
use cwmpd_lab::http::{Authority, Leaf};
use cwmpd_lab::peers::Nginx;

use crate::tls::trusting;
use crate::{Whole, client, exchange, settings, url};

const BYTES: usize = 20 << 20;

/// `length` bytes without a period that a buffer could have.
fn content(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}

/// The file that is put and got.
fn files(folder: &Folder) -> File {
    fs::create_dir_all(folder.join("files")).unwrap();
    // nginx's workers are another user.
    for name in ["files", ""] {
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        fs::set_permissions(folder.join(name), open).unwrap();
    }
    File::open(folder.file("source", content(BYTES))).unwrap()
}

fn put(client: &mut HttpClient, to: &str, from: &File) -> Result<Whole, HttpError> {
    let to = url(to);
    let length = from.metadata().unwrap().len();
    let request = HttpRequest::new(Method::PUT, &to).body(RequestBody::stream(from, length));
    exchange(client, request, true)
}

#[test]
fn a_file_goes_to_nginx_and_comes_back() {
    let folder = Folder::new("nginx-plain");
    let source = files(&folder);
    let server = "; root files; dav_methods PUT; client_max_body_size 0;";
    let Some(nginx) = Nginx::start(&folder, server) else {
        return;
    };
    let at = format!("http://127.0.0.1:{}/up", nginx.port());
    let mut client = client();
    assert_eq!(put(&mut client, &at, &source).unwrap().status, 201);
    let from = url(&at);
    let mut answer = client
        .send(&mut HttpRequest::new(Method::GET, &from))
        .unwrap();
    let mut file = File::create(folder.join("back")).unwrap();
    assert_eq!(answer.copy_to(&mut file, u64::MAX), Ok(BYTES as u64));
    assert!(answer.date().is_some());
    assert!(fs::read(folder.join("back")).unwrap() == content(BYTES));
    // A part of it, as after a broken connection.
    let from_half = format!("bytes={}-", BYTES / 2);
    let request = HttpRequest::new(Method::GET, &from).header("Range", from_half.as_str());
    let rest = exchange(&mut client, request, false).unwrap();
    assert_eq!(rest.status, 206);
    assert!(rest.body == content(BYTES)[BYTES / 2..]);
}

#[test]
fn a_file_goes_to_nginx_over_tls_for_a_password() {
    let folder = Folder::new("nginx-tls");
    let source = files(&folder);
    let authority = Authority::new("Lab CA");
    let identity = authority.issue(&Leaf::localhost());
    folder.file("cert.pem", identity.cert_pem());
    folder.file("key.pem", identity.key_pem());
    folder.file("users", "me:{PLAIN}secret\n");
    let server = "ssl; ssl_certificate cert.pem; ssl_certificate_key key.pem;
         auth_basic files; auth_basic_user_file users;
         root files; dav_methods PUT; client_max_body_size 0;";
    let Some(nginx) = Nginx::start(&folder, server) else {
        return;
    };
    let at = format!("https://localhost:{}/up", nginx.port());
    let mut trusting = trusting(&authority, &folder);
    trusting.credentials.username = "me".into();
    trusting.credentials.password = "wrong".into();
    let refused = put(&mut HttpClient::new(trusting.clone()), &at, &source);
    assert!(
        matches!(refused, Err(HttpError::AuthFailed(_))),
        "{refused:?}"
    );
    assert!(!folder.join("files/up").exists());
    trusting.credentials.password = "secret".into();
    let created = put(&mut HttpClient::new(trusting), &at, &source);
    assert_eq!(created.unwrap().status, 201);
    assert!(fs::read(folder.join("files/up")).unwrap() == content(BYTES));
    // And nobody else sees who it is: without the authority there is no connection.
    let stranger = put(&mut HttpClient::new(settings()), &at, &source);
    assert!(matches!(stranger, Err(HttpError::Certificate { .. })));
}
