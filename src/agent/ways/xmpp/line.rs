//! The job that has the connection open.

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use super::facts::ERROR;
use super::settings;
use crate::agent::jobs::{Job, JobId, JobKind};
use crate::agent::poll_loop::{Agent, Done};
use crate::base::clock::Now;
use crate::base::file;
use crate::connreq::xmpp::{self, XmppAskers, XmppEnd, XmppEvent, XmppLine};
use crate::http::{LinkTls, UncheckedDates};

/// In so much time the thread is to have looked at its orders, or it counts as lost. Longer than it
/// may take to try all addresses of all servers.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Who answers for names, and how much of that file is looked at.
const RESOLV_CONF: &str = "/etc/resolv.conf";
const MAX_RESOLV_CONF: usize = 4096;

/// A connection on its thread.
pub(super) struct OpenLine {
    pub(super) job: JobId,
    pub(super) line: XmppLine,
    /// Who may ask, as it was told.
    pub(super) askers: XmppAskers,
    /// Once it stands.
    pub(super) bound: Option<BoundLine>,
}

/// What is known of a connection that stands.
pub(super) struct BoundLine {
    /// As uptime.
    pub(super) since: Duration,
    /// The box's own address on it.
    pub(super) from: Option<IpAddr>,
    /// The dates of the server's certificate, where they did not count.
    pub(super) unchecked_dates: Option<UncheckedDates>,
}

/// What its job reports.
pub(in crate::agent) enum XmppReport {
    /// Something happened on the connection.
    Told(XmppEvent),
    /// It is over.
    Ended(XmppEnd),
    /// The job was lost, for this reason.
    Lost(String),
}

impl Agent {
    /// Starts the job for the connection that is wanted.
    pub(super) fn start_line(&mut self, now: Now) -> io::Result<OpenLine> {
        let wanted = self.ways.xmpp.wanted.clone();
        let (_, wanted) = wanted.ok_or(io::ErrorKind::NotFound)?;
        let askers = settings::askers(&mut self.model, &self.engine);
        let line = XmppLine::new(askers.clone())?;
        let tls = LinkTls {
            config: self.config.link.tls.clone(),
            kept: self.kept_tls.clone(),
            check_dates: now.wall_is_confirmed(),
        };
        // Where it cannot be read nobody is asked, and the domain itself is tried.
        let resolv_conf = file::read_beginning(Path::new(RESOLV_CONF), MAX_RESOLV_CONF);
        let resolv_conf = resolv_conf.unwrap_or_default();
        let name_servers = xmpp::name_servers(&String::from_utf8_lossy(&resolv_conf));
        let settings = wanted.on_box(name_servers, tls);
        let (watched, of_job) = (line.clone(), line.clone());
        let job = Job::new(
            JobKind::Xmpp,
            PATIENCE,
            |why| Done::Xmpp(XmppReport::Lost(why.to_string())),
            move |reporter| {
                let tell = |event| reporter.say(Done::Xmpp(XmppReport::Told(event)));
                let end = xmpp::run(&settings, &of_job, &mut { tell });
                reporter.say(Done::Xmpp(XmppReport::Ended(end)));
            },
        )
        .with_pulse(move || watched.is_looked_at());
        Ok(OpenLine {
            job: self.jobs.start(job, now.uptime),
            line,
            askers,
            bound: None,
        })
    }

    /// Takes what the job reports; nothing of a connection before.
    pub(in crate::agent) fn hear_xmpp(&mut self, job: JobId, report: XmppReport, now: Now) {
        let open = self.ways.xmpp.open.as_ref();
        if open.is_none_or(|open| open.job != job) {
            return;
        }
        match report {
            XmppReport::Told(event) => {
                self.jobs.expect(job, now.uptime);
                self.told_by_line(event, now);
            }
            XmppReport::Ended(end) => self.ended_xmpp(&end, now),
            XmppReport::Lost(why) => {
                let lost = format!("the connection broke off: {why}");
                self.lost_xmpp(lost, ERROR, now);
            }
        }
    }
}
