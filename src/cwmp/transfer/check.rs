//! What is refused before it is promised.

use super::TransferOrder;
use crate::cwmp::fault;
use crate::cwmp::interface::Host;
use crate::datamodel::model::Model;
use crate::soap::{Fault, code};

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
            return Err(fault::because(code::INVALID_ARGUMENTS, &why));
        }
    }
    fault::of_url(&order.url)?;
    let accepted = host.accepts(order, model);
    accepted.map_err(|refusal| fault::because(refusal.code, &refusal.string))
}
