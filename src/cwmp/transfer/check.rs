//! What is refused before it is promised.

use super::TransferOrder;
use crate::base::url::Url;
use crate::cwmp::fault::{self, INVALID_ARGUMENTS};
use crate::cwmp::interface::Host;
use crate::datamodel::model::Model;
use crate::soap::Fault;

/// The scheme of the URL is none that the box speaks (A.5).
const UNSUPPORTED_PROTOCOL: u32 = 9013;

/// Characters of Username, Password and TargetFileName (schema).
const MAX_TEXT: usize = 256;

/// Whether the box can do this, as far as can be known now.
pub fn check(order: &TransferOrder, model: &mut Model, host: &dyn Host) -> Result<(), Fault> {
    for (name, text) in [
        ("Username", order.username.as_str()),
        ("Password", order.password.reveal()),
        ("TargetFileName", &order.target_file_name),
    ] {
        if text.chars().count() > MAX_TEXT {
            let why = format!("{name} is longer than {MAX_TEXT} characters");
            return Err(fault::because(INVALID_ARGUMENTS, &why));
        }
    }
    if let Err(why) = Url::parse(&order.url) {
        let code = match is_of_another_scheme(&order.url) {
            true => UNSUPPORTED_PROTOCOL,
            false => INVALID_ARGUMENTS,
        };
        return Err(fault::because(
            code,
            &format!("the URL cannot be used: {why}"),
        ));
    }
    let accepted = host.accepts(order, model);
    accepted.map_err(|refusal| fault::because(refusal.code, &refusal.string))
}

fn is_of_another_scheme(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        let is_name = scheme
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || b"+-.".contains(&c));
        let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
        is_name && !scheme.is_empty() && !is_web
    })
}
