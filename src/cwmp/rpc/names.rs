//! GetParameterNames (A.3.2.3).

use super::{Context, too_long};
use crate::cwmp::fault;
use crate::cwmp::limits::MAX_RESPONSE_BYTES;
use crate::soap::{Fault, GetParameterNamesResponseWriter, escaped_len};

/// The names at or below a path. The response is written while the model is walked.
pub fn get(path: &str, next_level: bool, cx: &mut Context<'_>) -> Result<String, Fault> {
    let mut writer = GetParameterNamesResponseWriter::new(cx.version, cx.header);
    let mut full = false;
    cx.model
        .names(path, next_level, &mut |name, writable| {
            full |= writer.bytes() + escaped_len(name) > MAX_RESPONSE_BYTES;
            if !full {
                writer.push(name, writable);
            }
        })
        .map_err(|error| fault::of(&error, path))?;
    if full {
        return Err(too_long());
    }
    Ok(writer.finish())
}
