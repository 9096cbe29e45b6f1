//! A box: its folders, its configuration, and a running `cwmpd` in it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use cwmpd::device::uci;

use crate::Folder;
use crate::acs::{CALLER, USER};

/// How long a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The model that is shipped.
const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../etc/cwmpd");

/// The programs of the box that the agent may run; here they only write down that they ran.
const COMMANDS: [&str; 6] = [
    "reboot",
    "firstboot",
    "jffs2reset",
    "reload_config",
    "service",
    "sysupgrade",
];

/// The folders of a box, below one folder that goes with this value.
pub struct Home {
    dir: Folder,
    program: PathBuf,
}

/// A `cwmpd` that runs in a [`Home`]. It ends with this value.
pub struct Daemon<'a> {
    home: &'a Home,
    child: Child,
}

/// What a run of the command line brought.
#[derive(Debug)]
pub struct Output {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// Copies the files of a model, and those of the folders in it.
pub fn copy_model(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder for the model");
    for entry in fs::read_dir(from).expect("a model") {
        let path = entry.expect("a model").path();
        let copy = to.join(path.file_name().unwrap_or_default());
        match path.is_dir() {
            true => copy_model(&path, &copy),
            false => drop(fs::copy(&path, copy).expect("a copy of the model")),
        }
    }
}

impl Home {
    /// A box with the shipped model, the configuration of a factory-new one without ACS, Luup off,
    /// loopback as its interface, a connection-request port that the system chooses, and no
    /// delay after a boot.
    /// `program` is the `cwmpd` to run.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        let home = Self {
            dir: Folder::new("home"),
            program: program.into(),
        };
        for part in [home.config_dir(), home.model_dir(), home.dir.join("bin")] {
            fs::create_dir_all(part).expect("the folders of a box");
        }
        copy_model(Path::new(MODEL), &home.model_dir());
        home.make_commands();
        let sections = "config cpe 'cpe'\n\nconfig acs 'acs'\n\nconfig stun 'stun'\n\n\
                        config igd 'igd'\n\nconfig transfer 'transfer'\n\nconfig luup 'luup'\n";
        home.write_config("cwmpd", sections);
        home.set_uci("cpe", "interface", "lo");
        home.set_uci("cpe", "port", "0");
        // What follows a boot is waited for.
        home.set_uci("cpe", "boot_delay_max", "0");
        home.set_uci("cpe", "log_to_syslog", "0");
        home.set_uci("cpe", "log_to_console", "1");
        home.set_uci("cpe", "log_severity", "DEBUG");
        home.set_uci(
            "cpe",
            "command_dir",
            &home.dir.join("bin").to_string_lossy(),
        );
        home.set_uci("cpe", "manufacturer", "Example");
        home.set_uci("cpe", "manufacturer_oui", "00D09E");
        home.set_uci("cpe", "product_class", "Box");
        home.set_uci("cpe", "serial_number", "0123456789");
        home.set_uci("cpe", "ubus", "0");
        home.set_uci("luup", "enable", "0");
        home
    }

    /// The same box with another program to run.
    pub fn with_program(self, program: impl Into<PathBuf>) -> Self {
        let program = program.into();
        Self { program, ..self }
    }

    fn make_commands(&self) {
        for name in COMMANDS {
            let path = self.dir.join("bin").join(name);
            let log = self.dir.join("commands");
            let script = format!(
                "#!/bin/sh\necho {name} \"$@\" >>'{0}'\ngrep SigBlk /proc/self/status >>'{0}'\n",
                log.display()
            );
            fs::write(&path, script).expect("a command");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a command");
        }
    }

    /// Puts a program of the box in place of the one that only writes down that it ran: a script
    /// of the shell. It is there at once.
    pub fn set_command(&self, name: &str, script: &str) {
        let path = self.dir.join("bin").join(name);
        // Not written in place: a program that runs cannot be, nor one that is open be run.
        let new = self.dir.join("new-command");
        fs::write(&new, format!("#!/bin/sh\n{script}\n")).expect("a command");
        fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).expect("a command");
        fs::rename(&new, &path).expect("a command");
    }

    /// Takes a program of the box away.
    pub fn remove_command(&self, name: &str) {
        fs::remove_file(self.dir.join("bin").join(name)).expect("a command");
    }

    /// The programs of the box that ran, in their order.
    pub fn programs(&self) -> Vec<String> {
        let commands = self.commands();
        let lines = commands.lines().filter(|line| !line.starts_with("SigBlk"));
        lines.map(|line| line.trim_end().to_owned()).collect()
    }

    /// The folder of the UCI configuration.
    pub fn config_dir(&self) -> PathBuf {
        self.dir.join("config")
    }

    /// The folder of the model's csv files and its state.
    pub fn model_dir(&self) -> PathBuf {
        self.dir.join("model")
    }

    /// The folder of lock, boot mark and control socket.
    pub fn run_dir(&self) -> PathBuf {
        self.dir.join("run")
    }

    /// Sets an option of the package `cwmpd`, as `uci set` and `uci commit` do.
    pub fn set_uci(&self, section: &str, option: &str, value: &str) {
        uci::update(&self.config_dir(), "cwmpd", false, &mut |document| {
            let at = document.find(section);
            document.apply(&[uci::Edit::Set {
                section: at.ok_or_else(|| document.no_section(section))?,
                option: option.to_owned(),
                value: uci::Value::One(value.to_owned()),
            }])
        })
        .expect("a change of the configuration");
    }

    /// Tells the box where its ACS is, and to log in there as [`USER`].
    pub fn set_acs(&self, url: &str) {
        self.set_uci("acs", "url", url);
        self.set_uci("acs", "userid", USER.0);
        self.set_uci("acs", "passwd", USER.1);
    }

    /// Tells the box to take connection requests of [`CALLER`].
    pub fn set_caller(&self) {
        self.set_uci("cpe", "userid", CALLER.0);
        self.set_uci("cpe", "passwd", CALLER.1);
    }

    /// An option of the package `cwmpd`, as it is in the file.
    pub fn uci(&self, section: &str, option: &str) -> Option<String> {
        let (document, _) = uci::load(&self.config_dir(), "cwmpd").ok()??;
        match document.get(section, option)? {
            uci::Value::One(value) => Some(value.clone()),
            uci::Value::List(values) => Some(values.join(" ")),
        }
    }

    /// Tells the box where files of a type go.
    pub fn add_file_type(&self, name: &str, folder: &Path) {
        let package = self.config_dir().join("cwmpd");
        let before = fs::read_to_string(&package).expect("a configuration file");
        let folder = folder.display();
        let section =
            format!("\nconfig file_type\n\toption name '{name}'\n\toption folder '{folder}'\n");
        fs::write(package, before + &section).expect("a configuration file");
    }

    /// Writes a whole file of the configuration.
    pub fn write_config(&self, package: &str, text: &str) {
        fs::write(self.config_dir().join(package), text).expect("a configuration file");
    }

    /// The same in one step, as `uci commit` does: nobody sees the file half written.
    pub fn replace_config(&self, package: &str, text: &str) {
        let beside = self.dir.join("beside");
        fs::write(&beside, text).expect("a file of the box");
        fs::rename(&beside, self.config_dir().join(package)).expect("a configuration file");
    }

    /// Makes the box forget what a reboot makes it forget.
    pub fn power_cycle(&self) {
        let _ = fs::remove_dir_all(self.run_dir());
        let _ = fs::remove_file(self.dir.join("commands"));
    }

    /// The commands of the box that ran, one a line with its arguments, and below each a line
    /// with the signals that were blocked in it.
    pub fn commands(&self) -> String {
        fs::read_to_string(self.dir.join("commands")).unwrap_or_default()
    }

    /// All that the agents of this box wrote to their standard error so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }

    /// Starts the agent and waits until it serves its control socket.
    pub fn start(&self) -> Daemon<'_> {
        let mut daemon = self.start_unready();
        let socket = self.run_dir().join("control.sock");
        wait_for("the agent's control socket", || {
            let ended = daemon.child.try_wait().expect("the state of the agent");
            assert!(ended.is_none(), "the agent ended: {}", self.log());
            // A leftover of an agent that was killed refuses.
            UnixStream::connect(&socket).ok()
        });
        daemon
    }

    /// Starts the agent and does not wait.
    pub fn start_unready(&self) -> Daemon<'_> {
        self.start_under(&[])
    }

    /// Starts the agent by another program, which gets this command line with the agent's behind it
    /// and turns into it in the end; does not wait.
    pub fn start_under(&self, wrapper: &[&str]) -> Daemon<'_> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.dir.join("log"));
        let own = self.command();
        let mut words = wrapper.iter().map(OsStr::new).chain([own.get_program()]);
        let mut command = Command::new(words.next().expect("a program"));
        let child = command
            .args(words)
            .args(own.get_args())
            .arg("run")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.expect("a log file"))
            .spawn()
            .expect("a start of the agent");
        Daemon { home: self, child }
    }

    /// Runs the command line to its end.
    pub fn run(&self, args: &[&str]) -> Output {
        let output = self.command().args(args).output().expect("a run of cwmpd");
        Output {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("-p").arg(self.model_dir());
        command.arg("-c").arg(self.config_dir());
        command.arg("-r").arg(self.run_dir());
        command
    }
}

impl Daemon<'_> {
    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The value of a parameter.
    pub fn get(&self, path: &str) -> String {
        let output = self.home.run(&["get", path]);
        assert_eq!(output.code, 0, "get {path}: {}", output.err);
        output.out.trim_end_matches('\n').to_owned()
    }

    /// Sets a parameter, as the user of the box.
    pub fn set(&self, path: &str, value: &str) {
        let output = self.home.run(&["set", path, value]);
        assert_eq!(output.code, 0, "set {path}: {}", output.err);
    }

    /// What `cwmpd status` says.
    pub fn status(&self) -> String {
        let output = self.home.run(&["status"]);
        assert_eq!(output.code, 0, "status: {}", output.err);
        output.out
    }

    /// Whether there is no session.
    pub fn is_idle(&self) -> bool {
        self.status().contains("session:       none")
    }

    /// Waits for the end of the session.
    pub fn until_idle(&self) {
        wait_for("the end of the session", || self.is_idle().then_some(()));
    }

    /// Opens a session now.
    pub fn inform(&self) {
        let output = self.home.run(&["inform"]);
        assert_eq!(output.code, 0, "inform: {}", output.err);
    }

    /// Waits until so many sessions have failed, and has the box try again at once.
    pub fn retry_after(&self, failed: usize) {
        wait_for("the end of the failed session", || {
            let log = self.home.log();
            (log.matches("session failed").count() == failed).then_some(())
        });
        self.inform();
    }

    /// The connection-request URL; waits until there is one.
    pub fn connection_request_url(&self) -> String {
        wait_for("a connection-request URL", || {
            let url = self.get("ManagementServer.ConnectionRequestURL");
            (!url.is_empty()).then_some(url)
        })
    }

    /// Where requests over UDP go, once there is a port for them.
    pub fn udp_address(&self) -> SocketAddr {
        wait_for("an address for requests over UDP", || {
            let address = self.get("ManagementServer.UDPConnectionRequestAddress");
            address.parse().ok()
        })
    }

    /// Keeps the port of connection requests for the next starts, so that their URL stays.
    pub fn keep_port(&self) {
        let url = self.connection_request_url();
        let port = url
            .rsplit(':')
            .next()
            .and_then(|rest| rest.split('/').next());
        self.home
            .set_uci("cpe", "port", port.expect("a port in the URL"));
    }

    /// Waits until the log has a text.
    pub fn wait_for_log(&self, text: &str) {
        wait_for(text, || self.home.log().contains(text).then_some(()));
    }

    /// Sends a signal: `TERM`, `HUP`.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.pid());
        let status = Command::new("sh").args(["-c", &kill]).status();
        assert!(status.expect("a signal").success());
    }

    /// Stops the agent as procd does, and waits for its end.
    pub fn stop(mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait()
    }

    /// Whether the agent has not ended.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until the agent ends by itself.
    pub fn wait(&mut self) -> ExitStatus {
        wait_for("the end of the agent", || {
            self.child.try_wait().expect("the state of the agent")
        })
    }

    /// Kills the agent at once, as a power cut does.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- log of the agent ---\n{}", self.home.log());
        }
    }
}

/// A port that nobody has just now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its number").port()
}

/// Waits until `look` finds something; panics if that takes longer than [`PATIENCE`].
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
