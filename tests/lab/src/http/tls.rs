//! Certificates made at run time, and the server's side of TLS.

use std::io;
use std::net::TcpStream;

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private};
use openssl::rsa::Rsa;
use openssl::ssl::{
    Ssl, SslAcceptor, SslAcceptorBuilder, SslMethod, SslOptions, SslStream, SslVerifyMode,
    SslVersion,
};
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509Name, X509NameBuilder};

const DAY: i64 = 24 * 3600;

/// A certification authority of the test's own.
pub struct Authority {
    cert: X509,
    key: PKey<Private>,
    /// Itself, if another one vouches for it, and those that do in turn, but for the root.
    chain: Vec<X509>,
}

/// A certificate with its key.
#[derive(Clone)]
pub struct Identity {
    cert: X509,
    key: PKey<Private>,
    /// What leads to a root; a server shows it along.
    chain: Vec<X509>,
}

/// First and last day of a certificate, counted from today.
pub type Days = (i64, i64);

/// Over since yesterday.
pub const EXPIRED: Days = (-9, -1);

/// From tomorrow.
pub const NOT_YET: Days = (1, 30);

const LEAF_DAYS: Days = (-2, 30);
const ROOT_DAYS: Days = (-99, 365);

/// What a certificate says.
#[derive(Clone, Debug)]
pub struct Leaf<'a> {
    /// The common name.
    pub name: &'a str,
    /// The DNS names it is for.
    pub dns: &'a [&'a str],
    /// The IP addresses it is for.
    pub ip: &'a [&'a str],
    /// When it is valid.
    pub days: Days,
    /// Whether it may be a server's; a client's it may be always.
    pub server: bool,
    /// Of what kind its key is.
    pub key: KeyKind,
}

/// Of what kind a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// On the curve P-256.
    P256,
    /// On the curve P-384.
    P384,
    /// On Curve25519, as RFC 8410 has it; its signatures name no hash.
    Ed25519,
    /// RSA with 2048 bits: slower to make, has a PKCS#1 form.
    Rsa,
}

impl KeyKind {
    fn make(self) -> PKey<Private> {
        let on = |curve| {
            let group = EcGroup::from_curve_name(curve).expect("a curve");
            PKey::from_ec_key(EcKey::generate(&group).expect("key"))
        };
        let key = match self {
            Self::P256 => on(Nid::X9_62_PRIME256V1),
            Self::P384 => on(Nid::SECP384R1),
            Self::Ed25519 => PKey::generate_ed25519(),
            Self::Rsa => PKey::from_rsa(Rsa::generate(2048).expect("key")),
        };
        key.expect("key")
    }
}

impl Leaf<'_> {
    /// A good certificate for `localhost`, 127.0.0.1 and ::1.
    pub fn localhost() -> Self {
        Leaf {
            name: "localhost",
            dns: &["localhost"],
            ip: &["127.0.0.1", "::1"],
            days: LEAF_DAYS,
            server: true,
            key: KeyKind::P256,
        }
    }

    /// A certificate for another host.
    pub fn wrong_host() -> Self {
        Leaf {
            name: "other.example",
            dns: &["other.example"],
            ip: &["192.0.2.1"],
            ..Self::localhost()
        }
    }

    /// For `localhost`, but not today.
    pub fn valid(days: Days) -> Self {
        Leaf {
            days,
            ..Self::localhost()
        }
    }
}

impl Authority {
    /// Makes a root.
    pub fn new(name: &str) -> Self {
        Self::valid(name, ROOT_DAYS)
    }

    /// Makes a root that is valid on these days.
    pub fn valid(name: &str, days: Days) -> Self {
        Self::make(name, days, KeyKind::P256, None)
    }

    /// Makes a root that signs with a key of this kind.
    pub fn with_key(name: &str, key: KeyKind) -> Self {
        Self::make(name, ROOT_DAYS, key, None)
    }

    /// Makes an authority that this one vouches for.
    pub fn intermediate(&self, name: &str, days: Days) -> Self {
        Self::make(name, days, KeyKind::P256, Some(self))
    }

    fn make(name: &str, days: Days, key: KeyKind, above: Option<&Self>) -> Self {
        let key = key.make();
        let name = x509_name(name);
        let issuer = above.map_or(name.as_ref(), |above| above.cert.subject_name());
        let issuer = issuer.to_owned().expect("a copy");
        let mut builder = builder(&name, &issuer, &key, days);
        let constraint = BasicConstraints::new().critical().ca().build();
        builder
            .append_extension(constraint.expect("CA"))
            .expect("CA");
        let signer = above.map_or(&key, |above| &above.key);
        builder.sign(signer, digest(signer)).expect("sign");
        let cert = builder.build();
        let chain = above.map_or(Vec::new(), |above| {
            [vec![cert.clone()], above.chain.clone()].concat()
        });
        Self { cert, key, chain }
    }

    /// Its certificate, PEM.
    pub fn pem(&self) -> Vec<u8> {
        self.cert.to_pem().expect("PEM")
    }

    /// What OpenSSL looks for it by, in a folder: its file is called `HASH.0`, in hexadecimal digits.
    pub fn subject_hash(&self) -> u32 {
        self.cert.subject_name_hash()
    }

    /// Signs a certificate.
    pub fn issue(&self, leaf: &Leaf) -> Identity {
        issue(leaf, Some(self))
    }
}

impl Identity {
    /// A certificate signed with its own key.
    pub fn self_signed(leaf: &Leaf) -> Self {
        issue(leaf, None)
    }

    /// Signs others as an authority would, though it is none.
    pub fn as_authority(&self) -> Authority {
        Authority {
            cert: self.cert.clone(),
            key: self.key.clone(),
            chain: [vec![self.cert.clone()], self.chain.clone()].concat(),
        }
    }

    /// The certificate, PEM.
    pub fn cert_pem(&self) -> Vec<u8> {
        self.cert.to_pem().expect("PEM")
    }

    /// The certificate, and below it what leads to a root, PEM.
    pub fn chain_pem(&self) -> Vec<u8> {
        let chain = [vec![self.cert.clone()], self.chain.clone()].concat();
        let pem = chain.iter().map(|cert| cert.to_pem().expect("PEM"));
        pem.collect::<Vec<_>>().concat()
    }

    /// The key, PEM, PKCS#8 (`BEGIN PRIVATE KEY`).
    pub fn key_pem(&self) -> Vec<u8> {
        self.key.private_key_to_pem_pkcs8().expect("PEM")
    }

    /// The key, PEM, in its older form: `BEGIN RSA PRIVATE KEY` or `BEGIN EC PRIVATE KEY`.
    pub fn traditional_key_pem(&self) -> Vec<u8> {
        match self.key.rsa() {
            Ok(rsa) => rsa.private_key_to_pem().expect("PEM"),
            Err(_) => {
                let key = self.key.ec_key().expect("an EC key");
                key.private_key_to_pem().expect("PEM")
            }
        }
    }
}

fn issue(leaf: &Leaf, authority: Option<&Authority>) -> Identity {
    let key = leaf.key.make();
    let subject = x509_name(leaf.name);
    let issuer = authority.map_or(subject.as_ref(), |authority| authority.cert.subject_name());
    let issuer = issuer.to_owned().expect("a copy");
    let mut builder = builder(&subject, &issuer, &key, leaf.days);
    let mut usage = ExtendedKeyUsage::new();
    usage.client_auth();
    if leaf.server {
        usage.server_auth();
    }
    let usage = usage.build().expect("usage");
    builder.append_extension(usage).expect("usage");
    let mut names = SubjectAlternativeName::new();
    leaf.dns.iter().for_each(|name| {
        names.dns(name);
    });
    leaf.ip.iter().for_each(|ip| {
        names.ip(ip);
    });
    if !leaf.dns.is_empty() || !leaf.ip.is_empty() {
        let issuer = authority.map(|authority| authority.cert.as_ref());
        let names = names
            .build(&builder.x509v3_context(issuer, None))
            .expect("names");
        builder.append_extension(names).expect("names");
    }
    let signer = authority.map_or(&key, |authority| &authority.key);
    builder.sign(signer, digest(signer)).expect("sign");
    Identity {
        cert: builder.build(),
        key,
        chain: authority.map_or(Vec::new(), |authority| authority.chain.clone()),
    }
}

fn builder(
    subject: &X509Name,
    issuer: &X509Name,
    key: &PKey<Private>,
    (from, until): Days,
) -> X509Builder {
    let time = |day: i64| {
        let now = std::time::UNIX_EPOCH
            .elapsed()
            .expect("after 1970")
            .as_secs();
        let now = i64::try_from(now).expect("a date");
        Asn1Time::from_unix(now + day * DAY).expect("a date")
    };
    let mut serial = BigNum::new().expect("memory");
    serial
        .rand(64, openssl::bn::MsbOption::MAYBE_ZERO, false)
        .expect("random");
    let serial = serial.to_asn1_integer().expect("serial");
    let mut builder = X509::builder().expect("memory");
    builder.set_version(2).expect("version 3");
    builder.set_serial_number(&serial).expect("serial");
    builder.set_subject_name(subject).expect("subject");
    builder.set_issuer_name(issuer).expect("issuer");
    builder.set_pubkey(key).expect("key");
    builder.set_not_before(&time(from)).expect("date");
    builder.set_not_after(&time(until)).expect("date");
    builder
}

fn x509_name(name: &str) -> X509Name {
    let mut builder = X509NameBuilder::new().expect("memory");
    builder
        .append_entry_by_nid(Nid::COMMONNAME, name)
        .expect("name");
    builder.build()
}

/// What a signature with this key hashes with; Ed25519 has a hash of its own.
fn digest(key: &PKey<Private>) -> MessageDigest {
    match key.id() {
        Id::ED25519 => MessageDigest::null(),
        _ => MessageDigest::sha256(),
    }
}

/// A connection over TLS.
pub type TlsStream = SslStream<TcpStream>;

/// The server's side of TLS.
pub struct ServerTls(SslAcceptor);

impl ServerTls {
    /// Shows this certificate.
    pub fn new(identity: &Identity) -> Self {
        Self(acceptor(identity).build())
    }

    /// Also wants a certificate of the client, signed by `authority`.
    pub fn wanting_client(identity: &Identity, authority: &Authority) -> Self {
        let mut acceptor = acceptor(identity);
        want_client(&mut acceptor, authority);
        Self(acceptor.build())
    }

    /// Speaks TLS 1.1 and nothing newer.
    pub fn tls11(identity: &Identity) -> Self {
        let mut acceptor = acceptor(identity);
        acceptor.clear_options(SslOptions::NO_TLSV1 | SslOptions::NO_TLSV1_1);
        acceptor.set_min_proto_version(None).expect("version");
        acceptor
            .set_max_proto_version(Some(SslVersion::TLS1_1))
            .expect("version");
        acceptor
            .set_cipher_list("ALL:@SECLEVEL=0")
            .expect("ciphers");
        Self(acceptor.build())
    }

    /// Speaks this version with this suite, and nothing else; and wants a certificate of the client
    /// if there is an authority that signs those.
    pub fn only(
        identity: &Identity,
        version: SslVersion,
        suite: &str,
        clients: Option<&Authority>,
    ) -> Self {
        let mut acceptor = acceptor(identity);
        if let Some(clients) = clients {
            want_client(&mut acceptor, clients);
        }
        let set = match version {
            SslVersion::TLS1_3 => acceptor.set_ciphersuites(suite),
            _ => acceptor.set_cipher_list(suite),
        };
        set.expect("a suite");
        let bounds = acceptor.set_min_proto_version(Some(version));
        bounds.expect("version");
        let bounds = acceptor.set_max_proto_version(Some(version));
        bounds.expect("version");
        Self(acceptor.build())
    }

    /// The server's side of the handshake.
    ///
    /// # Errors
    /// The client does not shake hands.
    pub fn accept(&self, stream: TcpStream) -> io::Result<TlsStream> {
        let mut stream = SslStream::new(Ssl::new(self.0.context())?, stream)?;
        stream.accept().map_err(io::Error::other)?;
        Ok(stream)
    }
}

fn want_client(acceptor: &mut SslAcceptorBuilder, authority: &Authority) {
    let store = acceptor.cert_store_mut();
    store.add_cert(authority.cert.clone()).expect("CA");
    acceptor.add_client_ca(&authority.cert).expect("CA");
    acceptor.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
    // OpenSSL resumes a session of a verified client only under a name.
    acceptor.set_session_id_context(b"lab").expect("context");
}

fn acceptor(identity: &Identity) -> SslAcceptorBuilder {
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).expect("TLS");
    acceptor
        .set_certificate(&identity.cert)
        .expect("certificate");
    acceptor.set_private_key(&identity.key).expect("key");
    for above in &identity.chain {
        let added = acceptor.add_extra_chain_cert(above.clone());
        added.expect("a certificate");
    }
    acceptor
}

/// The common name of the client's certificate.
pub(super) fn client_name(stream: &SslStream<TcpStream>) -> Option<String> {
    let cert = stream.ssl().peer_certificate()?;
    let entry = cert.subject_name().entries_by_nid(Nid::COMMONNAME).next()?;
    entry.data().to_string().ok()
}
