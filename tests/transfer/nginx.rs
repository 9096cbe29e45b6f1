//! Files from and to a real nginx, plain and over TLS.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use cwmpd::cwmp::{Direction, Moved};
use cwmpd_lab::Folder;
use cwmpd_lab::http::{Authority, Leaf};
use cwmpd_lab::peers::Nginx;

use crate::{Home, order, pattern, with_user};

const BYTES: usize = 5 << 20;

/// A folder that nginx's workers may write to, with a file in it.
fn served(folder: &Folder) {
    fs::create_dir(folder.join("files")).unwrap();
    fs::write(folder.join("files/fw.bin"), pattern(BYTES)).unwrap();
    for name in ["files", ""] {
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o777)).unwrap();
    }
    folder.file("users", "box:{PLAIN}secret\n");
}

const FILES: &str = "root files; dav_methods PUT; client_max_body_size 0;";

#[test]
fn files_come_from_nginx_and_go_there() {
    let home = Home::new("nginx");
    served(&home.folder);
    let Some(nginx) = Nginx::start(&home.folder, &format!("; {FILES}")) else {
        return;
    };
    let at = |name: &str| format!("http://127.0.0.1:{}/{name}", nginx.port());
    let bytes = BYTES as u64;
    let moved = home.download(&order(Direction::Download, &at("fw.bin")));
    assert_eq!(moved, Ok(Moved { bytes }));
    assert!(fs::read(home.path()).unwrap() == pattern(BYTES));
    let fault = home
        .download(&order(Direction::Download, &at("absent")))
        .unwrap_err();
    assert_eq!(fault.code, 9016, "{fault:?}");
    let moved = home.upload(&order(Direction::Upload, &at("log")), &pattern(BYTES));
    assert_eq!(moved, Ok(Moved { bytes }));
    assert!(fs::read(home.folder.join("files/log")).unwrap() == pattern(BYTES));
    let fault = home
        .upload(&order(Direction::Upload, &at("no/folder/")), b"x")
        .unwrap_err();
    assert_eq!(fault.code, 9011, "{fault:?}");
}

/// Behind it is a server that breaks; nginx itself answers for the rest.
#[test]
fn t15_nginx_over_tls_lets_in_who_has_the_password() {
    let mut home = Home::new("nginx-tls");
    served(&home.folder);
    let authority = Authority::new("Lab CA");
    let identity = authority.issue(&Leaf::localhost());
    home.folder.file("cert.pem", identity.cert_pem());
    home.folder.file("key.pem", identity.key_pem());
    home.transport.link.tls.ca_file = Some(home.folder.file("ca.pem", authority.pem()));
    let server = format!(
        "ssl; ssl_certificate cert.pem; ssl_certificate_key key.pem;
         auth_basic files; auth_basic_user_file users; {FILES}"
    );
    let Some(nginx) = Nginx::start(&home.folder, &server) else {
        return;
    };
    let at = |name: &str| format!("https://localhost:{}/{name}", nginx.port());
    let bytes = BYTES as u64;
    let down = with_user(order(Direction::Download, &at("fw.bin")));
    assert_eq!(home.download(&down), Ok(Moved { bytes }));
    let up = with_user(order(Direction::Upload, &at("log")));
    assert_eq!(home.upload(&up, &pattern(BYTES)), Ok(Moved { bytes }));
    assert!(fs::read(home.folder.join("files/log")).unwrap() == pattern(BYTES));
    let stranger = order(Direction::Download, &at("fw.bin"));
    assert_eq!(home.download(&stranger).unwrap_err().code, 9012);
}

/// nginx closes each connection after so much, as load balancers do: what was begun is gone on with.
#[test]
fn t14_nginx_is_asked_for_the_rest() {
    let home = Home::new("nginx-range");
    served(&home.folder);
    let Some(nginx) = Nginx::start(&home.folder, &format!("; {FILES}")) else {
        return;
    };
    let moved = cut_off(nginx.port(), 1 << 20, |port| {
        home.download(&order(
            Direction::Download,
            &format!("http://127.0.0.1:{port}/fw.bin"),
        ))
    });
    assert_eq!(
        moved,
        Ok(Moved {
            bytes: BYTES as u64
        })
    );
    assert!(fs::read(home.path()).unwrap() == pattern(BYTES));
}

/// Somebody on the way who ends each connection after so many bytes of the answer.
fn cut_off<T>(port: u16, after: u64, run: impl FnOnce(u16) -> T) -> T {
    use std::io::{self, Read};
    use std::net::{Shutdown, TcpListener, TcpStream};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().port();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for stream in listener.incoming() {
                let client = stream.unwrap();
                let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
                let (mut asks, mut asked) =
                    (client.try_clone().unwrap(), server.try_clone().unwrap());
                let asking = std::thread::spawn(move || {
                    let _ = io::copy(&mut asks, &mut asked);
                    let _ = asked.shutdown(Shutdown::Both);
                });
                let sent = io::copy(&mut (&server).take(after), &mut &client).unwrap_or_default();
                let _ = client.shutdown(Shutdown::Both);
                let _ = server.shutdown(Shutdown::Both);
                let _ = asking.join();
                if sent == 0 {
                    break;
                }
            }
        });
        let result = run(own);
        // Nothing is asked: it ends.
        drop(
            TcpStream::connect(("127.0.0.1", own))
                .unwrap()
                .shutdown(Shutdown::Both),
        );
        result
    })
}
