//! Feeds: signed indexes by which opkg and apk trust what they install.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use openssl::hash::MessageDigest;
use openssl::pkey::{Id, PKey};
use openssl::sign::Verifier;
use sha2::{Sha256, Sha512};

use super::adb::File;
use super::apk::Apk;
use super::ipk::{Ipk, gunzip, paragraph};
use super::{OF_1407, Workshop, elf};

/// A folder of packages with its keys.
struct Feed {
    workshop: Workshop,
    architecture: &'static str,
}

impl Feed {
    fn new(architecture: &'static str) -> Option<Self> {
        let workshop = Workshop::new()?;
        workshop.make(architecture);
        let feed = Self {
            workshop,
            architecture,
        };
        assert!(feed.run("--new-key".as_ref()).status.success());
        Some(feed)
    }

    fn run(&self, what: &Path) -> Output {
        let mut command = self.workshop.script("index.sh");
        command.arg(what).arg(self.key()).output().unwrap()
    }

    fn key(&self) -> PathBuf {
        self.workshop.folder.join("operator")
    }

    fn key_file(&self, ending: &str) -> PathBuf {
        self.workshop.folder.join(format!("operator{ending}"))
    }

    fn folder(&self) -> PathBuf {
        self.workshop.folder.join("made").join(self.architecture)
    }

    fn index(&self) {
        let output = self.run(&self.folder());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder().join(name)).unwrap()
    }
}

/// The bytes in a file of usign: a comment and a line of base64.
fn usign(text: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(text).unwrap();
    let (comment, rest) = text.split_once('\n').unwrap();
    assert!(comment.starts_with("untrusted comment: "), "{comment}");
    let bytes = STANDARD.decode(rest.strip_suffix('\n').unwrap()).unwrap();
    assert_eq!(&bytes[..2], b"Ed");
    bytes
}

fn usign_accepts(public: &[u8], signature: &[u8], message: &[u8]) -> bool {
    let (public, signature) = (usign(public), usign(signature));
    assert_eq!((public.len(), signature.len()), (42, 74));
    assert_eq!(public[2..10], signature[2..10], "the name of the key");
    let key = PKey::public_key_from_raw_bytes(&public[10..], Id::ED25519).unwrap();
    let mut verifier = Verifier::new_without_digest(&key).unwrap();
    verifier.verify_oneshot(&signature[10..], message).unwrap()
}

/// What apk makes sure of before it believes an index.
fn apk_accepts(public_pem: &[u8], file: &File) -> bool {
    let key = PKey::public_key_from_pem(public_pem).unwrap();
    let point = key.public_key_to_der().unwrap();
    let identity = &Sha512::digest(&point[point.len() - 65..])[..16];
    let [signature] = &file.signatures[..] else {
        return false;
    };
    assert_eq!(signature[..2], [0, 4], "the only version, SHA-512");
    assert_eq!(&signature[2..18], identity);
    let mut verifier = Verifier::new(MessageDigest::sha512(), &key).unwrap();
    verifier.update(&file.schema).unwrap();
    verifier.update(&signature[..18]).unwrap();
    verifier.update(&Sha512::digest(&file.database)).unwrap();
    verifier.verify(&signature[18..]).unwrap_or(false)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn b03_the_index_of_opkg_tells_of_each_package_how_to_check_it() {
    for architecture in ["mipsel_24kc", OF_1407] {
        let Some(feed) = Feed::new(architecture) else {
            return;
        };
        feed.index();
        let index = String::from_utf8(feed.read("Packages")).unwrap();
        let fields = paragraph(index.trim_end());
        let name = &fields["Filename"];
        assert_eq!(
            *name,
            format!("cwmpd_{}_{architecture}.ipk", fields["Version"])
        );
        let package = feed.read(name);
        assert_eq!(fields["Size"], package.len().to_string());
        assert_eq!(fields["MD5Sum"], hex(&Md5::digest(&package)));
        assert_eq!(fields["SHA256sum"], hex(&Sha256::digest(&package)));
        let control = Ipk::read(&package).fields();
        for (name, value) in &fields {
            let is_of_index = ["Filename", "Size", "MD5Sum", "SHA256sum"].contains(&name.as_str());
            assert!(is_of_index || control.get(name) == Some(value), "{name}");
        }
        assert_eq!(fields.contains_key("Depends"), architecture != OF_1407);
        assert_eq!(gunzip(&feed.read("Packages.gz")), index.as_bytes());
        let complete = String::from_utf8(feed.read("Packages.manifest")).unwrap();
        let complete = paragraph(complete.trim_end());
        assert!(
            control
                .iter()
                .all(|field| complete.get(field.0) == Some(field.1))
        );
        assert_eq!(
            feed.folder().join("packages.adb").exists(),
            architecture != OF_1407
        );
    }
}

#[test]
fn b03_the_index_of_opkg_is_signed_so_that_usign_believes_it() {
    let Some(feed) = Feed::new("mipsel_24kc") else {
        return;
    };
    feed.index();
    let (index, signature) = (feed.read("Packages"), feed.read("Packages.sig"));
    let public = fs::read(feed.key_file(".pub")).unwrap();
    assert!(usign_accepts(&public, &signature, &index));
    for at in [0, index.len() / 2, index.len() - 1] {
        let mut other = index.clone();
        other[at] ^= 1;
        assert!(!usign_accepts(&public, &signature, &other), "byte {at}");
    }
    let name = hex(&usign(&public)[2..10]);
    assert!(signature.starts_with(format!("untrusted comment: signed by key {name}\n").as_bytes()));
    feed.index();
    assert_eq!(feed.read("Packages.sig"), signature, "the same again");
}

#[test]
fn b03_the_index_of_apk_is_signed_so_that_apk_believes_it() {
    let Some(feed) = Feed::new("x86_64") else {
        return;
    };
    feed.index();
    let mut file = File::read(&feed.read("packages.adb"));
    assert_eq!(&file.schema, b"indx");
    let public = fs::read(feed.key_file(".pem.pub")).unwrap();
    assert!(apk_accepts(&public, &file));
    for at in [0, file.database.len() / 2, file.database.len() - 1] {
        file.database[at] ^= 1;
        assert!(!apk_accepts(&public, &file), "byte {at}");
        file.database[at] ^= 1;
    }
    file.schema = *b"pckg";
    assert!(!apk_accepts(&public, &file));
}

#[test]
fn b03_the_index_of_apk_tells_of_each_package_how_to_check_it() {
    let Some(feed) = Feed::new("x86_64") else {
        return;
    };
    feed.index();
    let file = File::read(&feed.read("packages.adb"));
    let packages = file.root().field(2).list();
    assert_eq!(packages.len(), 1);
    let listed = Apk::of(packages[0]);
    let name = format!("{}-{}.apk", listed.name, listed.version);
    let packed = feed.read(&name);
    let package = Apk::read(&packed);
    assert_eq!(packages[0].field(13).number(), packed.len() as u64);
    let database = File::read(&packed).database;
    assert_eq!(packages[0].field(3).bytes(), &Sha256::digest(&database)[..]);
    assert_eq!(listed.depends, package.depends);
    assert_eq!(listed.provides, package.provides);
    assert_eq!(listed.architecture, package.architecture);
    assert_eq!(listed.installed_size, package.installed_size);
    assert_eq!(listed.description, package.description);
}

#[test]
fn b03_secret_keys_are_for_their_owner_and_never_overwritten() {
    let Some(feed) = Feed::new(OF_1407) else {
        return;
    };
    let secret = ["", ".pem"].map(|ending| fs::read(feed.key_file(ending)).unwrap());
    for ending in ["", ".pem"] {
        let mode = fs::metadata(feed.key_file(ending))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{ending}");
    }
    feed.run("--new-key".as_ref());
    assert_eq!(
        secret,
        ["", ".pem"].map(|ending| fs::read(feed.key_file(ending)).unwrap())
    );
    let keys = usign(&secret[0]);
    assert_eq!(keys.len(), 104);
    assert_eq!(&keys[2..8], b"BK\0\0\0\0", "no password");
    assert_eq!(&keys[24..32], &Sha512::digest(&keys[40..])[..8]);
    let public = usign(&fs::read(feed.key_file(".pub")).unwrap());
    assert_eq!(
        (&keys[32..40], &keys[72..]),
        (&public[2..10], &public[10..])
    );
}

#[test]
fn b03_what_cannot_be_signed_or_read_makes_no_index() {
    let Some(feed) = Feed::new("x86_64") else {
        return;
    };
    let refused = |what: &Path| {
        let output = feed.run(what);
        assert!(!output.status.success());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.lines().count(), 1, "{said}");
        for index in ["Packages", "Packages.gz", "Packages.sig", "packages.adb"] {
            assert!(!feed.folder().join(index).exists(), "{index}: {said}");
        }
        said
    };
    let empty = feed.workshop.folder.join("empty");
    fs::create_dir(&empty).unwrap();
    assert!(refused(&empty).contains("no package"));

    let apk = fs::read_dir(feed.folder())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let apk = apk
        .into_iter()
        .find(|path| path.extension().unwrap() == "apk")
        .unwrap();
    let renamed = feed.folder().join("other-1.apk");
    fs::rename(&apk, &renamed).unwrap();
    assert!(refused(&feed.folder()).contains("other-1.apk"));
    fs::rename(&renamed, &apk).unwrap();
    let whole = fs::read(&apk).unwrap();
    fs::write(&apk, &whole[..whole.len() / 2]).unwrap();
    refused(&feed.folder());
    fs::write(&apk, whole).unwrap();

    let key = fs::read_to_string(feed.key()).unwrap();
    let (comment, _) = key.split_once('\n').unwrap();
    for at in [0, 3, 4, 40, 100] {
        let mut other = usign(key.as_bytes());
        other[at] ^= 1;
        fs::write(
            feed.key(),
            format!("{comment}\n{}\n", STANDARD.encode(other)),
        )
        .unwrap();
        assert!(refused(&feed.folder()).contains("operator: "), "byte {at}");
    }
    fs::write(feed.key(), key).unwrap();
    let other = feed.key_file(".pem");
    let key = fs::read(&other).unwrap();
    fs::write(&other, "").unwrap();
    refused(&feed.folder());
    fs::write(other, key).unwrap();
    feed.index();
}

/// usign of older boxes computes another SHA-512 for texts of some lengths, and believes nothing
/// that was signed properly: such an index is made longer.
#[test]
fn b03_no_index_has_a_length_that_usign_of_older_boxes_gets_wrong() {
    let Some(feed) = Feed::new(OF_1407) else {
        return;
    };
    feed.index();
    let length = |feed: &Feed| (64 + feed.read("Packages").len()) % 128;
    for wrong in [110, 111] {
        let more = (128 + wrong - length(&feed)) % 128;
        let description = format!(
            "define Package/cwmpd/description\n  {}",
            "x".repeat(more + 127)
        );
        feed.workshop.edit(
            "openwrt-package/Makefile",
            "define Package/cwmpd/description\n",
            &format!("{description}\n"),
        );
        // 127 of what was added and the blank behind it make 128.
        assert!(
            feed.workshop
                .pack(OF_1407, &elf::fitting(OF_1407))
                .status
                .success()
        );
        feed.index();
        let index = feed.read("Packages");
        assert_eq!(length(&feed), wrong + 2, "{wrong}");
        assert!(index.ends_with(b"\n\n\n\n"));
        feed.workshop.edit(
            "openwrt-package/Makefile",
            &description,
            "define Package/cwmpd/description",
        );
        feed.workshop.pack(OF_1407, &elf::fitting(OF_1407));
        feed.index();
    }
}
