//! Which transfers that it did not order the ACS wants to hear of:
//! `ManagementServer.AutonomousTransferCompletePolicy.` (TR-181). What a filter does not name is not
//! told; an empty list names nothing.

use super::{Direction, FileType, TransferOrder};
use crate::base::{percent, truth};
use crate::datamodel::model::Model;

const POLICY: &str = "ManagementServer.AutonomousTransferCompletePolicy.";

/// What the two filters with one word call everything.
const BOTH: &str = "Both";

/// Whether the ACS wants to hear that this ended so.
pub(super) fn is_wanted(order: &TransferOrder, succeeded: bool, model: &mut Model) -> bool {
    let mut policy = |name: &str| model.value(&format!("{POLICY}{name}")).unwrap_or_default();
    if truth::of_value(&policy("Enable")) != Some(true) {
        return false;
    }
    let direction = match order.direction {
        Direction::Download => "Download",
        Direction::Upload => "Upload",
    };
    let result = if succeeded { "Success" } else { "Failure" };
    let named = |filter: &str, word: &str| filter == word || filter == BOTH;
    let file_type = match order.file_type {
        FileType::VendorConfiguration(_) => FileType::VendorConfiguration(None),
        FileType::VendorLog(_) => FileType::VendorLog(None),
        ref other => other.clone(),
    };
    let file_type = file_type.transfer_text();
    let types = policy("FileTypeFilter");
    // A comma within an item is coded (TR-106 3.2.3).
    let mut types = types
        .split(',')
        .map(|one| percent::decode(one.trim_ascii()));
    named(&policy("TransferTypeFilter"), direction)
        && named(&policy("ResultTypeFilter"), result)
        && types.any(|one| one.eq_ignore_ascii_case(&file_type))
}
