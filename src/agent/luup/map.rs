//! The map of the home: what Luup says to each row, and why a row shows nothing; what each device is;
//! what no row names. A line for each, of words that tabs separate, escaped as elsewhere:
//!
//! | first word | others |
//! |---|---|
//! | `row` | path, source, what it says, what is shown, why nothing is |
//! | `device` | number, name, what it is |
//! | `unnamed` | variable, how many devices have it, what the first says |

use std::path::{Path, PathBuf};

use super::home::LuupEnd;
use crate::agent::control::escape;
use crate::base::config::Config;
use crate::base::file;
use crate::datamodel::model::{Model, NothingShown};
use crate::luup::limits::MAX_BYTES;
use crate::luup::{self, LuupAccess, LuupError, Snapshot};

/// Where what Luup says is to be taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HomeFrom {
    /// The engine, as it is now.
    Engine,
    /// Stored answers: that to `id=status`, and that to `id=user_data`.
    Files(PathBuf, Option<PathBuf>),
}

/// The map, and what is wrong by it: values that no row can show, a home without a node.
pub struct HomeMap {
    /// Its lines.
    pub text: String,
    /// What is wrong, for people; `None`: nothing is.
    pub wrong: Option<String>,
}

/// Draws it. `model` has the sources that `end` is of.
///
/// # Errors
/// The home cannot be had, for this reason.
pub(in crate::agent) fn draw(
    end: &LuupEnd,
    model: &mut Model,
    config: &Config,
    from: &HomeFrom,
) -> Result<HomeMap, String> {
    let fetch = end.home.borrow_mut().begin_fetch();
    let snapshot = match from {
        HomeFrom::Engine => luup::fetch(&LuupAccess::new(config.luup.clone()), fetch.wanted()),
        HomeFrom::Files(status, user_data) => {
            let paths = [Some(status.as_path()), user_data.as_deref()];
            let texts = paths.into_iter().flatten().map(read);
            let texts = texts.collect::<Result<Vec<String>, String>>()?;
            Snapshot::read(texts.iter().map(Ok::<_, LuupError>))
        }
    };
    let view = snapshot.map(|snapshot| fetch.view(snapshot));
    let view = view.map_err(|error| error.to_string())?;
    end.home.borrow_mut().update(fetch, Ok(view));
    let mut text = String::new();
    let mut line = |words: &[&str]| {
        for (at, word) in words.iter().enumerate() {
            text.push_str(if at == 0 { "" } else { "\t" });
            text.push_str(&escape(word));
        }
        text.push('\n');
    };
    let mut misfits = 0;
    let home = &end.home;
    model.explain("luup", &mut |row| {
        let home = home.borrow();
        let source = ["luup:", &*home.key(row.slot)].concat();
        let (raw, why) = match (row.why, home.misfit(row.slot, &row.instance)) {
            (Some(NothingShown::Unknown), Some((raw, why))) => {
                (raw, Some(NothingShown::Misfit(why)))
            }
            (why, _) => (row.raw, why),
        };
        misfits += usize::from(matches!(why, Some(NothingShown::Misfit(_))));
        let why = why.map_or(String::new(), |why| words(&why));
        line(&["row", &row.path, &source, &raw, &row.result, &why]);
    });
    let home = home.borrow();
    for device in home.devices() {
        let (number, verdict) = (device.number.to_string(), device.verdict.to_string());
        line(&["device", &number, &device.name, &verdict]);
    }
    for variable in home.unnamed() {
        let devices = variable.devices.to_string();
        line(&["unnamed", &variable.key, &devices, &variable.example]);
    }
    let misfit = (misfits > 0).then(|| format!("{misfits} values do not fit their rows"));
    let wrong: Vec<String> = home.why_no_node().into_iter().chain(misfit).collect();
    Ok(HomeMap {
        text,
        wrong: (!wrong.is_empty()).then(|| wrong.join("; ")),
    })
}

fn read(path: &Path) -> Result<String, String> {
    let most = usize::try_from(MAX_BYTES).unwrap_or(usize::MAX);
    let bytes = file::read(path, most).map_err(|error| {
        format!(
            "{}: {error}; it is to be what the engine answers, as kept by wget -O FILE \
             'http://ENGINE:3480/data_request?id=status' (--user-data: id=user_data)",
            path.display()
        )
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn words(why: &NothingShown) -> String {
    match why {
        NothingShown::NoInstance => "its table has no instance".to_owned(),
        NothingShown::Absent => "Luup has no such value".to_owned(),
        NothingShown::Unknown => "Luup cannot tell now".to_owned(),
        NothingShown::Filtered => "its filters leave nothing".to_owned(),
        NothingShown::Misfit(why) => format!("does not fit: {why}"),
    }
}
