//! Section `mms`: the engine through MMS, the cloud side of MiOS, for one that cannot be reached itself.

use super::TlsConfig;
use super::read::OptionReader;
use crate::base::secret::Secret;
use crate::base::url::Url;

/// `PK_Oem` of boxes that MiOS sells itself.
const DEFAULT_OEM: &str = "1";

/// How the engine is reached through MMS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MmsConfig {
    /// `mms.server`: where one logs in.
    pub server: Option<Url>,
    /// `mms.domain`: where all other servers are; `None` = that of the server.
    pub domain: Option<String>,
    /// `mms.username`
    pub username: String,
    /// `mms.password`
    pub password: Secret,
    /// `mms.seed`: what the maker of the box has everybody hash behind the password.
    pub seed: Secret,
    /// `mms.oem`: the number of that maker, digits.
    pub oem: String,
    /// `mms.device`: the number of the box, digits; `None` = the only one of the account.
    pub device: Option<String>,
    /// How the servers have to prove who they are.
    pub tls: TlsConfig,
}

impl Default for MmsConfig {
    fn default() -> Self {
        Self {
            server: None,
            domain: None,
            username: String::new(),
            password: Secret::default(),
            seed: Secret::default(),
            oem: DEFAULT_OEM.to_owned(),
            device: None,
            tls: TlsConfig::usual("mms"),
        }
    }
}

impl OptionReader<'_> {
    /// `None` where the engine is asked itself.
    pub(super) fn mms(&mut self) -> Option<MmsConfig> {
        let mut is_enabled = false;
        self.flag("mms", "enabled", &mut is_enabled);
        let mut config = MmsConfig::default();
        let server = self.text("mms", "server");
        if let Some(text) = &server {
            config.server = mms_server(text);
            if config.server.is_none() {
                self.warn("mms", "server", text, "the name of a host", "none");
            }
        }
        config.domain = self.text("mms", "domain");
        config.username = self.text("mms", "username").unwrap_or_default();
        let mut secret = |option| Secret::new(self.text("mms", option).unwrap_or_default());
        config.password = secret("password");
        config.seed = secret("seed");
        if let Some(oem) = self.number("oem", DEFAULT_OEM) {
            config.oem = oem;
        }
        config.device = self.number("device", "none");
        config.tls = self.tls("mms");
        let missing = [
            ("server", server.is_none()),
            ("username", config.username.is_empty()),
            ("password", config.password.is_empty()),
            ("seed", config.seed.is_empty()),
        ];
        for (option, is_missing) in missing {
            if is_enabled && is_missing {
                let text = format!("cwmpd.mms.{option} is not set, so Luup cannot be asked by MMS");
                self.remark("mms", "enabled", text);
            }
        }
        is_enabled.then_some(config)
    }

    fn number(&mut self, option: &str, used: &str) -> Option<String> {
        let text = self.text("mms", option)?;
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(text);
        }
        self.warn("mms", option, &text, "a number", used);
        None
    }
}

/// `HOST` or `HOST:PORT`, where nothing but TLS is spoken.
pub fn mms_server(name: &str) -> Option<Url> {
    let url = Url::parse(&["https://", name].concat()).ok()?;
    (url.target == "/" && !name.contains(['/', '#'])).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::config::tests::read;

    #[test]
    fn z49_mms_is_off_unless_it_is_asked_for_and_then_says_what_is_missing() {
        assert_eq!(read(&[("mms.username", "u")]).0.luup.mms, None);
        let (config, remarks) = read(&[("mms.enabled", "1")]);
        assert_eq!(config.luup.mms, Some(MmsConfig::default()));
        assert_eq!(remarks.len(), 4, "{remarks:?}");
        let (config, remarks) = read(&[
            ("mms.enabled", "1"),
            ("mms.server", "auth.example.net"),
            ("mms.username", "Box"),
            ("mms.password", "TELLTALE"),
            ("mms.seed", "TELLTALE"),
            ("mms.oem", "33"),
            ("mms.device", "35"),
            ("mms.domain", "example.net"),
        ]);
        assert_eq!(remarks, Vec::<String>::new());
        let mms = config.luup.mms.unwrap();
        assert_eq!((&*mms.oem, mms.device.as_deref()), ("33", Some("35")));
        assert_eq!(mms.password.reveal(), "TELLTALE");
        assert!(!format!("{mms:?}").contains("TELLTALE"));
    }

    #[test]
    fn z51_a_server_of_mms_is_a_host() {
        for good in ["a.example", "127.0.0.1:8443", "[::1]:1", "a-1.b.example"] {
            assert!(mms_server(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "a/b",
            "a/",
            "a?b",
            "a#b",
            "u@a",
            "a b",
            "http://a",
            "a:0",
            "a..b",
            "\u{e9}",
            "a\r\nX: y",
        ] {
            assert_eq!(mms_server(bad), None, "{bad}");
        }
        let (config, remarks) = read(&[("mms.enabled", "1"), ("mms.oem", "1/../2")]);
        assert_eq!(config.luup.mms.unwrap().oem, DEFAULT_OEM);
        assert!(remarks.iter().any(|remark| remark.contains("mms.oem")));
    }
}
