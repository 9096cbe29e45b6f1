//! Files of a newer package that wait beside the ones that somebody edited: a package manager leaves
//! an edited file as it is, and puts its own beside it. Nobody reads those; somebody has to compare.

use std::path::{Path, PathBuf};

use super::own_config::OWN_PACKAGE;
use super::start::Folders;
use crate::base::sort::sort;

/// What opkg and apk put behind the name.
const ENDINGS: [&str; 2] = ["-opkg", ".apk-new"];

/// A line for each such file of the agent's own.
pub(super) fn waiting(folders: &Folders) -> Vec<String> {
    let is_csv = |name: &str| Path::new(name).extension().is_some_and(|end| end == "csv");
    let rows = beside(&folders.model_dir, &is_csv);
    let services = beside(&folders.model_dir.join("luup"), &is_csv);
    let own = beside(&folders.config_dir, &|name| name == OWN_PACKAGE);
    let all = rows.iter().chain(&services).chain(&own);
    let lines = all.map(|(newer, edited)| {
        format!(
            "{}: a newer package brought this file; {}, which somebody edited, goes on as it is: \
             take over what is new, then remove the newer file",
            newer.display(),
            edited.display()
        )
    });
    lines.collect()
}

/// Those files of a folder beside a file of a name that `is_own`, each with that.
fn beside(folder: &Path, is_own: &dyn Fn(&str) -> bool) -> Vec<(PathBuf, PathBuf)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let pairs = entries.filter_map(|entry| {
        let path = entry.path();
        let name = path.file_name()?.to_str()?;
        let edited = ENDINGS.iter().find_map(|end| name.strip_suffix(end))?;
        let edited = folder.join(Some(edited).filter(|edited| is_own(edited))?);
        Some((path, edited))
    });
    let mut pairs: Vec<_> = pairs.collect();
    sort(&mut pairs);
    pairs
}
