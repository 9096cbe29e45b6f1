//! What `cwmpd --help` prints: from the tables of commands, so that it lists what is read.

use super::task::OWN;
use crate::agent::control::{Command, Request};

/// The width of a terminal, which no line is longer than.
pub(super) const COLUMNS: usize = 80;

/// Where the second column begins.
const INDENT: usize = 24;

const BEGIN: &str = "\
cwmpd - the TR-069 (CWMP) agent of this box

Usage: cwmpd [COMMAND] [OPTIONS] [ARGUMENTS]

Commands
";

const PATHS: &str = "  A path ends in '.' for an object. The root ('Device.') may be left out.\n\n";

const END: &str = "\
Options
  -p, --path DIR        folder of the model's csv files and its state
                        [/etc/cwmpd]
  -c, --config DIR      folder of the UCI configuration [/etc/config]
  -r, --run DIR         folder of the lock and the control socket
                        [/var/run/cwmpd]
  -h, --help            this text
  -V, --version         the version

The agent is configured by /etc/config/cwmpd, which explains each option; a
running agent notices. The first steps on a box:
  uci set cwmpd.acs.url=http://acs.example:7547/ ; uci commit cwmpd
  cwmpd check           did it understand that?
  cwmpd status          what it does, and what keeps it from doing so
  cwmpd get DeviceInfo. what the ACS sees
What it has done is in the log: logread -e cwmpd

Options may stand anywhere. Behind -- there are none, so that a value may begin
with a dash; a negative number may anyway. The value - is a line of standard
input, so that no list of processes shows a password:
  cwmpd set ManagementServer.Password - </etc/secret

Exit codes
  0  done
  1  failed, or refused, or mistakes found; the reason is on standard error
  2  this command line is not understood
  3  no agent is running there
";

/// All of it.
pub(super) fn text() -> String {
    let mut text = BEGIN.to_owned();
    OWN.iter().for_each(|command| add(&mut text, command));
    text += "and, of the agent that is running:\n";
    let requests = &Request::COMMANDS;
    requests.iter().for_each(|command| add(&mut text, command));
    text + PATHS + END
}

/// A command, and beside it or below what it does, in as many lines as that takes.
fn add<T>(text: &mut String, command: &Command<T>) {
    let mut line = format!("  {} {}", command.name, command.arguments);
    line.truncate(line.trim_end().len());
    if line.len() >= INDENT {
        *text += &line;
        text.push('\n');
        line.clear();
    }
    let mut begins = true;
    for word in command.help.split(' ') {
        let is_full = !begins && line.len() + 1 + word.len() > COLUMNS;
        if is_full {
            *text += &line;
            text.push('\n');
            line.clear();
        }
        if is_full || begins {
            let gap = INDENT.saturating_sub(line.len());
            line.extend(std::iter::repeat_n(' ', gap));
            begins = false;
        } else {
            line.push(' ');
        }
        line += word;
    }
    *text += &line;
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b23_the_help_lists_all_that_is_read() {
        let help = text();
        let own = OWN.iter().map(|command| command.name);
        for name in own.chain(Request::COMMANDS.iter().map(|command| command.name)) {
            assert!(help.contains(&format!("\n  {name} ")), "{name}");
        }
    }

    #[test]
    fn b23_the_help_fits_a_terminal() {
        let help = text();
        let long = help.lines().find(|line| line.len() > COLUMNS);
        assert_eq!(long, None);
        // Each description begins, and goes on, in the second column.
        let commands = help.split("Commands\n").nth(1).unwrap();
        let commands = commands.split("  A path").next().unwrap();
        for line in commands.lines().filter(|line| line.starts_with(' ')) {
            let is_long = |line: &str| line.len() > INDENT && !line[..INDENT].ends_with(' ');
            if line.starts_with("  ") && !line.starts_with("   ") && is_long(line) {
                // A command with many arguments has a line of its own.
                assert!(
                    commands.contains(&format!("{line}\n{:INDENT$}", "")),
                    "'{line}'"
                );
                continue;
            }
            let (before, behind) = line.split_at(INDENT);
            assert!(
                before.ends_with(' ') && !behind.starts_with(' '),
                "'{line}'"
            );
        }
    }
}
