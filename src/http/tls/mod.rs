//! TLS (TR-069 §3.3): what is trusted, who we are, and what a refusal means.

mod dates;
mod kept;

pub use dates::UncheckedDates;
pub use kept::KeptTls;

use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::Path;

use openssl::error::ErrorStack;
use openssl::pkey::PKey;
use openssl::ssl::{
    Error, Ssl, SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions, SslRef, SslStream,
    SslVerifyMode, SslVersion,
};
use openssl::x509::verify::{X509CheckFlags, X509VerifyFlags};
use openssl::x509::{X509, X509VerifyResult};
use openssl_sys as ffi;

use super::error::{CertificateProblem, HttpError};
use super::socket::Socket;
use crate::base::config::TlsConfig;
use crate::base::file;

/// Certificate and key files are read up to here; the system's own bundle has about 220 kB.
const MAX_FILE_BYTES: usize = 1024 * 1024;

/// For TLS 1.2; the suites of TLS 1.3 are all good.
const CIPHERS: &str = "DEFAULT:!aNULL:!eNULL:!MD5:!3DES:!DES:!RC4:!IDEA:!SEED:!aDSS:!SRP:!PSK";

/// The TLS of one configuration. The chain of the certificate is checked here, dates and host by
/// [`stream`]; nothing is with `insecure`.
///
/// Built by hand because `SslConnector` reads all of the system's roots even where others are
/// named, which takes longer than the rest of a session.
fn context(config: &TlsConfig) -> Result<SslContext, Box<HttpError>> {
    if let Some(why) = &config.unusable {
        return Err(HttpError::TlsUnusable(why.clone()).into());
    }
    let mut context = SslContext::builder(SslMethod::tls_client()).map_err(setup)?;
    context
        .set_min_proto_version(Some(SslVersion::TLS1_2))
        .and_then(|()| context.set_cipher_list(CIPHERS))
        .map_err(setup)?;
    // What ALL works around are bugs of other implementations, old load balancers' among them.
    context.set_options(SslOptions::ALL);
    context.set_mode(SslMode::AUTO_RETRY | SslMode::RELEASE_BUFFERS);
    trust(&mut context, config)?;
    if let Some((cert, key)) = &config.client_cert {
        identify(&mut context, config, cert, key)?;
    }
    context.set_verify(match config.insecure {
        true => SslVerifyMode::NONE,
        false => SslVerifyMode::PEER,
    });
    Ok(context.build())
}

/// Whether the files that a configuration names can be used.
pub fn check(config: &TlsConfig) -> Result<(), Box<HttpError>> {
    context(config).map(drop)
}

/// TLS over `socket`, before its handshake, with the server at `host`: a name or an IP address. The
/// dates of its certificate count if `check_dates`.
fn stream(
    context: &SslContext,
    host: &str,
    check_dates: bool,
    socket: Socket,
) -> Result<SslStream<Socket>, Box<HttpError>> {
    let begin = || {
        let mut ssl = Ssl::new(context)?;
        if !check_dates {
            // TR-069 §3.3: without accurate time, what involves absolute time is ignored.
            ssl.param_mut().set_flags(X509VerifyFlags::NO_CHECK_TIME)?;
        }
        ssl.param_mut()
            .set_hostflags(X509CheckFlags::NO_PARTIAL_WILDCARDS);
        match host.parse::<IpAddr>() {
            Ok(address) => ssl.param_mut().set_ip(address)?,
            Err(_) => {
                // A dot at its end is none of the name (RFC 6066 §3, RFC 6125 §6.4.1).
                let host = host.strip_suffix('.').unwrap_or(host);
                ssl.set_hostname(host)?;
                ssl.param_mut().set_host(host)?;
            }
        }
        SslStream::new(ssl, socket)
    };
    begin().map_err(setup)
}

/// Proves that the server is `host`: the stream, and the dates that were not looked at. `authority`
/// is what the user knows it by.
///
/// # Errors
/// It does not prove it, or what the watch of `socket` says.
pub(super) fn shake_hands(
    context: &SslContext,
    host: &str,
    authority: &str,
    check_dates: bool,
    socket: Socket,
) -> Result<(SslStream<Socket>, Option<UncheckedDates>), Box<HttpError>> {
    let mut stream = stream(context, host, check_dates, socket)?;
    if let Err(error) = stream.connect() {
        // What the watch says is more than what TLS makes of it.
        let ours = error.io_error().and_then(|error| error.get_ref());
        if let Some(ours) = ours.and_then(|ours| ours.downcast_ref::<HttpError>()) {
            return Err(ours.clone().into());
        }
        return Err(handshake_error(authority.to_owned(), &error, stream.ssl()));
    }
    if check_dates || stream.ssl().verify_mode() == SslVerifyMode::NONE {
        return Ok((stream, None));
    }
    let dates = UncheckedDates::of(authority, stream.ssl())?;
    log::warn!("{dates}");
    Ok((stream, Some(dates)))
}

/// What a failed handshake means. Without `insecure`, a verdict ends the handshake at once.
fn handshake_error(host: String, error: &Error, ssl: &SslRef) -> Box<HttpError> {
    let verdict = ssl.verify_result();
    if verdict == X509VerifyResult::OK || ssl.verify_mode() == SslVerifyMode::NONE {
        let why = error.to_string();
        return HttpError::Handshake { host, why }.into();
    }
    let problem = match verdict.as_raw() {
        ffi::X509_V_ERR_HOSTNAME_MISMATCH | ffi::X509_V_ERR_IP_ADDRESS_MISMATCH => {
            CertificateProblem::WrongHost
        }
        ffi::X509_V_ERR_CERT_HAS_EXPIRED => CertificateProblem::Expired,
        ffi::X509_V_ERR_CERT_NOT_YET_VALID => CertificateProblem::NotYetValid,
        ffi::X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT
        | ffi::X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN
        | ffi::X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT
        | ffi::X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY
        | ffi::X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE => CertificateProblem::UnknownAuthority,
        _ => CertificateProblem::Other(verdict.error_string().to_owned()),
    };
    HttpError::Certificate { host, problem }.into()
}

fn setup(error: ErrorStack) -> Box<HttpError> {
    HttpError::Setup(error.to_string()).into()
}

/// The roots to trust: those that the configuration names and no others, or else the system's.
fn trust(context: &mut SslContextBuilder, config: &TlsConfig) -> Result<(), Box<HttpError>> {
    let mut roots = Vec::new();
    if config.ca_file.is_none() && config.ca_path.is_none() {
        context.set_default_verify_paths().map_err(setup)?;
        for path in kept::loose_roots() {
            match certificates(String::new(), &path) {
                Ok(found) => roots.extend(found),
                Err(_) => log::warn!("{} has no certificate that can be read", path.display()),
            }
        }
    }
    if let Some(file) = &config.ca_file {
        roots.extend(certificates(config.option("ssl_cacert"), file)?);
    }
    if let Some(folder) = &config.ca_path {
        let fail = |why: String| refused(config.option("ssl_capath"), folder, why);
        let before = roots.len();
        for entry in fs::read_dir(folder).map_err(|error| fail(error.to_string()))? {
            let path = entry.map_err(|error| fail(error.to_string()))?.path();
            if path.is_file() {
                match certificates(config.option("ssl_capath"), &path) {
                    Ok(found) => roots.extend(found),
                    Err(error) => log::warn!("Left out: {error}"),
                }
            }
        }
        if roots.len() == before {
            return Err(fail("it has no PEM certificate".into()));
        }
    }
    let store = context.cert_store_mut();
    roots
        .into_iter()
        .try_for_each(|root| store.add_cert(root))
        .map_err(setup)
}

/// The certificates of a PEM file; one at least.
fn certificates(option: String, path: &Path) -> Result<Vec<X509>, Box<HttpError>> {
    let found = X509::stack_from_pem(&read(option.clone(), path)?).unwrap_or_default();
    if found.is_empty() {
        return Err(refused(option, path, "it has no PEM certificate".into()));
    }
    Ok(found)
}

/// Shows our certificate, with those that lead to its authority behind it. The key may be PKCS#8,
/// PKCS#1 (RSA) or SEC 1 (EC).
fn identify(
    context: &mut SslContextBuilder,
    config: &TlsConfig,
    cert: &Path,
    key: &Path,
) -> Result<(), Box<HttpError>> {
    let fail = |why: &str| refused(config.option("ssl_key"), key, why.into());
    let mut chain = certificates(config.option("ssl_cert"), cert)?.into_iter();
    // With a pass phrase given, OpenSSL does not ask for one on the terminal.
    let private = PKey::private_key_from_pem_passphrase(&read(config.option("ssl_key"), key)?, b"")
        .map_err(|_| fail("it has no PEM private key without a pass phrase"))?;
    if let Some(own) = chain.next() {
        context.set_certificate(&own).map_err(setup)?;
    }
    for above in chain {
        context.add_extra_chain_cert(above).map_err(setup)?;
    }
    context.set_private_key(&private).map_err(|_| {
        let cert = config.option("ssl_cert");
        fail(&format!(
            "it does not belong to the certificate of option {cert}"
        ))
    })
}

fn read(option: String, path: &Path) -> Result<Vec<u8>, Box<HttpError>> {
    file::read(path, MAX_FILE_BYTES).map_err(|error| {
        let why = match error.kind() {
            io::ErrorKind::FileTooLarge => format!("it is longer than {MAX_FILE_BYTES} bytes"),
            _ => error.to_string(),
        };
        refused(option, path, why)
    })
}

fn refused(option: String, path: &Path, why: String) -> Box<HttpError> {
    Box::new(HttpError::File {
        option,
        path: path.to_owned(),
        why,
    })
}
