//! An ACS behind a real nginx that ends TLS, as operators run them.

use crate::{AMPLE, config, credentials, empty, inform, response};
use cwmpd::acs::Link;
use cwmpd_lab::Folder;
use cwmpd_lab::http::{Authority, Leaf, Reply, Server};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

struct Nginx {
    process: Child,
    port: u16,
}

impl Nginx {
    /// Starts it before `upstream`; `None` where it is not installed.
    fn start(folder: &Path, upstream: &Server) -> Option<Self> {
        // nginx cannot be told to take any free port.
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let conf = format!(
            "daemon off; master_process off; pid nginx.pid; error_log error.log;
             events {{ }}
             http {{
                 access_log off;
                 client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f;
                 uwsgi_temp_path u; scgi_temp_path s;
                 server {{
                     listen 127.0.0.1:{port} ssl;
                     ssl_certificate cert.pem; ssl_certificate_key key.pem;
                     keepalive_requests 3;
                     location / {{
                         proxy_pass {}; proxy_http_version 1.1;
                     }}
                 }}
             }}",
            upstream.url("")
        );
        std::fs::write(folder.join("nginx.conf"), conf).unwrap();
        let mut command = Command::new("nginx");
        command.arg("-p").arg(folder).arg("-c").arg("nginx.conf");
        let process = command.stderr(Stdio::null()).spawn().ok()?;
        let nginx = Self { process, port };
        let deadline = Instant::now() + AMPLE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "nginx does not listen");
            thread::sleep(Duration::from_millis(5));
        }
        Some(nginx)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_session_passes_a_real_nginx_with_tls_and_chunks() {
    let acs = Server::start(|request, _| match request.header("Authorization") {
        None => Reply::new(401).header("WWW-Authenticate", "Digest realm=\"r\", nonce=\"n\""),
        Some(_) if request.body.is_empty() => Reply::new(204),
        Some(_) => Reply::xml("<answer/>".repeat(5000)).chunked(&[1, 10, 20_000]),
    });
    let authority = Authority::new("Lab CA");
    let identity = authority.issue(&Leaf::localhost());
    let folder = Folder::new("nginx");
    folder.file("cert.pem", identity.cert_pem());
    folder.file("key.pem", identity.key_pem());
    let ca = folder.file("ca.pem", authority.pem());
    let Some(nginx) = Nginx::start(&folder, &acs) else {
        println!("skipped: nginx is absent");
        return;
    };
    let mut config = config();
    config.ca_file = Some(ca);
    let url = format!("https://localhost:{}/acs", nginx.port);
    let mut link = Link::open(&url, credentials(), &config, true).unwrap();
    // nginx closes every connection after three requests; the session goes on.
    for _ in 0..3 {
        assert_eq!(link.post(&inform()).unwrap().body.len(), 45_000);
        assert_eq!(link.post(&response()).unwrap().status, 200);
        assert_eq!(link.post(&empty()).unwrap().status, 204);
    }
    assert_eq!(acs.requests().len(), 10);
}
