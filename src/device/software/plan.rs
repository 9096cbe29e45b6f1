//! What a package manager says that it would do, before it does it: `opkg --noaction`,
//! `apk --simulate`.

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedStep {
    /// Whose.
    pub package: String,
    /// The version that is there afterwards; of a removal the one that was.
    pub version: String,
    /// What happens.
    pub change: PlannedChange,
}

/// What happens to a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlannedChange {
    /// It comes, or a newer version, or another of the same version.
    Comes,
    /// An older version takes its place.
    GoesBack,
    /// It is there no more.
    Goes,
    /// It is there already, in this version.
    Stays,
    /// It is there already, in a newer version than the one wanted.
    IsNewer,
}

/// All steps, in the order in which they are told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// At most as many as lines fit into the output that is kept.
    pub steps: Vec<PlannedStep>,
}

impl Plan {
    /// What opkg says.
    pub fn of_opkg(output: &str) -> Self {
        let steps = output.lines().filter_map(opkg_step);
        Self {
            steps: steps.collect(),
        }
    }

    /// What apk says.
    pub fn of_apk(output: &str) -> Self {
        let steps = output.lines().filter_map(apk_step);
        Self {
            steps: steps.collect(),
        }
    }
}

fn step(package: &str, version: &str, change: PlannedChange) -> Option<PlannedStep> {
    let is_word = |text: &str| !text.is_empty() && !text.contains(char::is_whitespace);
    (is_word(package) && is_word(version)).then(|| PlannedStep {
        package: package.to_owned(),
        version: version.to_owned(),
        change,
    })
}

/// ```text
/// Installing NAME (VERSION) to root...
/// Upgrading NAME on root from OLD to NEW...
/// Downgrading NAME on root from OLD to NEW...
/// Package NAME (VERSION) installed in root is up to date.
/// Not downgrading package NAME on root from NEW to OLD.
/// Removing package NAME from root...
/// NAME was autoinstalled and is now orphaned, removing.
/// ```
fn opkg_step(line: &str) -> Option<PlannedStep> {
    use PlannedChange::{Comes, Goes, GoesBack, IsNewer, Stays};
    let line = line.trim();
    let words: Vec<&str> = line.split_whitespace().collect();
    let bare = |word: &str| {
        let word = word.trim_end_matches("...").trim_end_matches('.');
        word.trim_matches(['(', ')']).to_owned()
    };
    match words.as_slice() {
        ["Installing" | "Upgrading", name, version, "to", ..] if version.starts_with('(') => {
            step(name, &bare(version), Comes)
        }
        ["Upgrading", name, "on", _, "from", _, "to", new] => step(name, &bare(new), Comes),
        ["Downgrading", name, "on", _, "from", _, "to", new] => step(name, &bare(new), GoesBack),
        ["Package", name, version, "installed", "in", ..] => step(name, &bare(version), Stays),
        [
            "Not",
            "downgrading",
            "package",
            name,
            "on",
            _,
            "from",
            new,
            ..,
        ] => step(name, new, IsNewer),
        ["Removing", "package", name, "from", ..] => step(name, "-", Goes),
        [name, "was", "autoinstalled", ..] => step(name, "-", Goes),
        _ => None,
    }
}

/// ```text
/// (1/2) Installing NAME (VERSION)
/// (2/2) Upgrading NAME (OLD -> NEW)
/// (1/1) Downgrading NAME (OLD -> NEW)
/// (1/1) Replacing NAME (OLD -> NEW)
/// (1/1) Purging NAME (VERSION)
/// ```
fn apk_step(line: &str) -> Option<PlannedStep> {
    use PlannedChange::{Comes, Goes, GoesBack};
    let (count, rest) = line.trim_start().split_once(") ")?;
    count.strip_prefix('(')?.split_once('/')?;
    let (verb, rest) = rest.split_once(' ')?;
    let change = match verb {
        "Installing" | "Upgrading" | "Replacing" | "Reinstalling" => Comes,
        "Downgrading" => GoesBack,
        "Purging" => Goes,
        _ => return None,
    };
    let (name, versions) = rest.trim_end().split_once(" (")?;
    let versions = versions.strip_suffix(')')?;
    let version = versions.rsplit(" -> ").next()?;
    let name = name.split('@').next()?;
    step(name, version, change)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(plan: &Plan) -> Vec<(&str, &str, PlannedChange)> {
        let steps = plan.steps.iter();
        steps
            .map(|step| (&*step.package, &*step.version, step.change))
            .collect()
    }

    #[test]
    fn t47_the_words_of_opkg_are_a_plan() {
        let plan = Plan::of_opkg(
            "Installing tool (2.0-r1) to root...\nInstalling libx (1) to root...\n\
             Upgrading liby on root from 1.0 to 1.1...\n\
             Downgrading libz on root from 1.1 to 1.0...\n\
             Package tool (2.0-r1) installed in root is up to date.\n\
             Not downgrading package tool on root from 3.0 to 2.0.\n\
             Removing package old from root...\n\
             libold was autoinstalled and is now orphaned, removing.\nConfiguring tool.\n",
        );
        use PlannedChange::{Comes, Goes, GoesBack, IsNewer, Stays};
        let all = [
            ("tool", "2.0-r1", Comes),
            ("libx", "1", Comes),
            ("liby", "1.1", Comes),
            ("libz", "1.0", GoesBack),
            ("tool", "2.0-r1", Stays),
            ("tool", "3.0", IsNewer),
            ("old", "-", Goes),
            ("libold", "-", Goes),
        ];
        assert_eq!(told(&plan), all);
    }

    #[test]
    fn t47_the_words_of_apk_are_a_plan() {
        let plan = Plan::of_apk(
            "fetch http://feed/packages.adb\n( 1/12) Installing libx (1.0-r1)\n\
             (2/12) Upgrading liby (1.0-r1 -> 1.1-r0)\n(3/12) Downgrading libz (2 -> 1)\n\
             (4/12) Replacing tool@edge (2.0-r1 -> 2.0-r1)\n(5/12) Purging old (1.0-r0)\n\
             (6/12) Updating pinning x (1)\nOK: 12 MiB in 30 packages\n",
        );
        use PlannedChange::{Comes, Goes, GoesBack};
        let all = [
            ("libx", "1.0-r1", Comes),
            ("liby", "1.1-r0", Comes),
            ("libz", "1", GoesBack),
            ("tool", "2.0-r1", Comes),
            ("old", "1.0-r0", Goes),
        ];
        assert_eq!(told(&plan), all);
    }
}
