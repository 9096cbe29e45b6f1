//! GetParameterNames (A.3.2.3).

use super::{Context, has_room, too_long};
use crate::cwmp::fault;
use crate::soap::{Fault, GetParameterNamesResponseWriter};

/// The names at or below a path. The response is written while the model is walked.
pub fn get(path: &str, next_level: bool, cx: &mut Context<'_>) -> Result<String, Fault> {
    let mut writer = GetParameterNamesResponseWriter::new(cx.version, cx.header);
    let mut full = false;
    cx.model
        .names(path, next_level, &mut |name, writable| {
            full |= !has_room(writer.bytes(), &[name]);
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
