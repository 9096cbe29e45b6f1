//! What is kept of TLS from one client to the next: reading 145 roots, as OpenWrt's bundle has them,
//! takes ten times as long as the rest of a session.
//!
//! The roots stay parsed, about 0.9 MB for that bundle. To drop them would give nothing back: what
//! they leave free lies between what OpenSSL goes on using, with glibc and with musl alike.
//! Sessions are not resumed: `openssl` has no safe way to, and the dates of a chain that nobody
//! sends again could not be looked at.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;
use std::{env, fmt};

use openssl::ssl::SslContext;
use openssl::version;

use super::context;
use crate::base::config::TlsConfig;
use crate::base::stamp::Stamp;
use crate::http::error::HttpError;

/// The TLS of the last client that had some, for the next one: where the configuration is another,
/// or a file that was read for it, it is made anew. Clones share it; it may cross threads.
#[derive(Clone, Default)]
pub struct KeptTls(Arc<Mutex<Option<ReadTls>>>);

struct ReadTls {
    config: TlsConfig,
    stamps: Vec<Option<Stamp>>,
    context: SslContext,
}

impl KeptTls {
    /// The TLS that a configuration asks for.
    ///
    /// # Errors
    /// It cannot be had now, whatever was kept.
    pub(in crate::http) fn get(&self, config: &TlsConfig) -> Result<SslContext, Box<HttpError>> {
        let context = self.get_at(config, SystemTime::now())?;
        if config.insecure {
            log::warn!(
                "The server's certificate is not checked (option {}): anyone on the way can be the \
                 server",
                config.option("insecure_enable")
            );
        }
        Ok(context)
    }

    fn get_at(&self, config: &TlsConfig, now: SystemTime) -> Result<SslContext, Box<HttpError>> {
        // Before the files are read: what changes while they are is found by the next client.
        let stamps = stamps(config);
        if let (Some(stamps), Some(kept)) = (&stamps, &*self.lock()) {
            if kept.config == *config && kept.stamps == *stamps {
                return Ok(kept.context.clone());
            }
        }
        // Not under the lock: a file system that hangs must hold up nobody else.
        let made = context(config);
        let settled = stamps.filter(|stamps| {
            let mut stamps = stamps.iter().flatten();
            stamps.all(|stamp| stamp.is_settled(now))
        });
        *self.lock() = match (&made, settled) {
            (Ok(context), Some(stamps)) => Some(ReadTls {
                config: config.clone(),
                stamps,
                context: context.clone(),
            }),
            _ => None,
        };
        made
    }

    fn lock(&self) -> MutexGuard<'_, Option<ReadTls>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for KeptTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeptTls")
    }
}

/// The state of all that [`context`] reads, or looks for; `None` where that is not known.
fn stamps(config: &TlsConfig) -> Option<Vec<Option<Stamp>>> {
    let mut stamps = Vec::new();
    let mut file = |path: &Path| stamps.push(Stamp::of(path));
    if let Some((cert, key)) = &config.client_cert {
        file(cert);
        file(key);
    }
    if let Some(path) = &config.ca_file {
        file(path);
    }
    let folders = match (&config.ca_file, &config.ca_path) {
        (_, Some(path)) => vec![(path.clone(), is_any as IsRead)],
        (Some(_), None) => Vec::new(),
        (None, None) => {
            let (bundle, folders) = system_roots()?;
            file(&bundle);
            for root in loose_roots() {
                file(&root);
            }
            let folders = folders.into_iter();
            folders.map(|path| (path, is_hashed as IsRead)).collect()
        }
    };
    for (path, is_read) in folders {
        // The folder's own stamp tells which names are in it.
        file(&path);
        for entry in fs::read_dir(&path).into_iter().flatten().flatten() {
            if is_read(&entry.file_name().to_string_lossy()) {
                file(&entry.path());
            }
        }
    }
    Some(stamps)
}

/// Whether a file of a folder is read, by its name.
type IsRead = fn(&str) -> bool;

fn is_any(_: &str) -> bool {
    true
}

/// `5ed36f99.0`: a certificate that OpenSSL finds by its subject.
fn is_hashed(name: &str) -> bool {
    let hash = name.split_once('.').map(|(hash, _)| hash);
    hash.is_some_and(|hash| hash.len() == 8 && hash.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Roots of the system that OpenSSL does not find: the certificates of a folder without names by
/// subject, where there is no bundle either. `ca-certificates` of OpenWrt 14.07 has them so.
pub(super) fn loose_roots() -> Vec<PathBuf> {
    let Some((bundle, folders)) = system_roots() else {
        return Vec::new();
    };
    if bundle.exists() {
        return Vec::new();
    }
    let mut loose = Vec::new();
    for folder in folders {
        let names = fs::read_dir(&folder).into_iter().flatten().flatten();
        let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let names: Vec<String> = names.collect();
        if !names.iter().any(|name| is_hashed(name)) {
            let is_certificate = |name: &&String| name.ends_with(".crt") || name.ends_with(".pem");
            let found = names.iter().filter(is_certificate);
            loose.extend(found.map(|name| folder.join(name)));
        }
    }
    loose
}

/// Where OpenSSL has the roots of the system: their bundle, and folders of certificates.
fn system_roots() -> Option<(PathBuf, Vec<PathBuf>)> {
    let built_in = || version::dir().split('"').nth(1).map(PathBuf::from);
    let bundle = match env::var_os("SSL_CERT_FILE") {
        Some(bundle) => bundle.into(),
        None => built_in()?.join("cert.pem"),
    };
    let folders = match env::var_os("SSL_CERT_DIR") {
        Some(folders) => env::split_paths(&folders).collect(),
        None => vec![built_in()?.join("certs")],
    };
    Some((bundle, folders))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn b25_the_roots_of_the_system_are_where_openssl_says() {
        let (bundle, folders) = system_roots().expect("a place");
        assert!(bundle.is_absolute() && folders.iter().all(|folder| folder.is_absolute()));
        let stamps = stamps(&TlsConfig::default()).expect("stamps");
        assert!(stamps.len() >= 2, "the bundle and its folder");
    }

    #[test]
    fn b25_a_file_that_was_just_changed_is_read_again() {
        let folder = cwmpd_lab::Folder::new("just-changed");
        let root = cwmpd_lab::http::Authority::new("Lab CA").pem();
        let config = TlsConfig {
            ca_file: Some(folder.file("ca.pem", root)),
            ..TlsConfig::default()
        };
        let kept = KeptTls::default();
        let now = fs::metadata(folder.join("ca.pem")).and_then(|file| file.modified());
        let now = now.expect("its time");
        kept.get_at(&config, now).expect("a context");
        assert!(kept.lock().is_none());
        kept.get_at(&config, now + Duration::from_secs(3))
            .expect("a context");
        assert!(kept.lock().is_some());
        fs::write(folder.join("ca.pem"), "no root").expect("a change");
        assert!(kept.get_at(&config, now + Duration::from_secs(6)).is_err());
        assert!(kept.lock().is_none(), "nothing stays of what went bad");
    }

    #[test]
    fn names_of_certificates_that_are_found_by_their_subject() {
        assert!(is_hashed("5ed36f99.0") && is_hashed("5ED36F99.r1"));
        for other in ["ca-certificates.crt", "5ed36f99", "5ed36f9.0", "5ed36f9z.0"] {
            assert!(!is_hashed(other), "{other}");
        }
    }
}
