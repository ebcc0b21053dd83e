//! The real program in a pseudo terminal: type, wait for a text, look at the screen, resize, signal,
//! and see that the terminal is given back.
//!
//! Nothing here sleeps for a fixed time: every wait ends as soon as what it waits for is there, or
//! fails at [`PATIENCE`] with the screen in the message.

use std::collections::{BTreeMap, VecDeque};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal};
use tempfile::TempDir;
use wirebench::model::key::{Key, KeyCode};

use super::peers::free_port;
use super::program::{peak_memory, program};
use super::wait::{PATIENCE, wait_until};

/// Around a frame.
const BEGIN_UPDATE: &[u8] = b"\x1b[?2026h";
const END_UPDATE: &[u8] = b"\x1b[?2026l";
/// Opens a terminal without getting it as ours.
const NO_CONTROL: i32 = rustix::fs::OFlags::NOCTTY.bits().cast_signed();

/// How to start the program.
pub struct Launch {
    pub args: Vec<String>,
    /// Run by a shell in place of the program.
    pub script: Option<String>,
    pub env: BTreeMap<String, String>,
    pub columns: u16,
    pub rows: u16,
    pub home: Arc<TempDir>,
}

impl Default for Launch {
    fn default() -> Self {
        Launch {
            args: Vec::new(),
            script: None,
            env: BTreeMap::new(),
            columns: 80,
            rows: 24,
            home: Arc::new(tempfile::tempdir().expect("a temporary folder")),
        }
    }
}

impl Launch {
    /// Sets a variable of the environment; an empty value takes it away.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    pub fn size(mut self, columns: u16, rows: u16) -> Self {
        (self.columns, self.rows) = (columns, rows);
        self
    }

    pub fn args(mut self, args: &[&str]) -> Self {
        self.args = args.iter().map(ToString::to_string).collect();
        self
    }

    /// Has a shell start the program.
    pub fn shell(mut self, script: &str) -> Self {
        self.script = Some(script.into());
        self
    }

    /// Puts a preset file into the workspace, which then is no starter workspace.
    pub fn preset(self, name: &str, text: &str) -> Self {
        let file = self.home.path().join("home/presets").join(format!("{name}.toml"));
        let folder = file.parent().expect("it lies in a folder");
        std::fs::create_dir_all(folder).expect("a folder for presets");
        std::fs::write(file, text).expect("a preset file");
        self
    }

    /// A large screen with this preset, which has just been sent.
    pub fn sending(preset: &str) -> Tui {
        let mut tui = Launch::default().preset("a", preset).size(150, 50).start();
        tui.wait_for("─ a ");
        tui.keys("<F5>");
        tui
    }

    pub fn start(self) -> Tui {
        Tui::start(self)
    }
}

/// The program in a pseudo terminal.
pub struct Tui {
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Box<dyn Write + Send>,
    output: Arc<Output>,
    exited: Receiver<ExitStatus>,
    pid: Pid,
    settings_before: String,
    pub home: Arc<TempDir>,
}

/// What the program has written so far.
struct Output {
    state: Mutex<Written>,
    changed: Condvar,
}

struct Written {
    screen: vt100::Parser,
    raw: Vec<u8>,
    /// Of a frame that is not whole yet: a terminal shows it when it is.
    held: Vec<u8>,
    /// Screens since somebody last looked, while somebody waits for one.
    shown: Option<VecDeque<String>>,
    closed: bool,
    /// The reader shall close its end after the next bytes.
    hanging_up: bool,
}

impl Written {
    /// Takes bytes in. Those of a synchronized update are shown together, as terminals do, so that
    /// nobody sees half a frame.
    fn take(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
        self.held.extend_from_slice(bytes);
        let begun = memchr::memmem::rfind(&self.held, BEGIN_UPDATE);
        let ended = memchr::memmem::rfind(&self.held, END_UPDATE);
        let whole = match begun {
            Some(begun) if ended.is_none_or(|ended| ended < begun) => begun,
            // It may begin with the last bytes.
            _ => {
                let is_start = |length: &usize| self.held.ends_with(&BEGIN_UPDATE[..*length]);
                self.held.len() - (1..BEGIN_UPDATE.len()).rev().find(is_start).unwrap_or(0)
            }
        };
        let rest = self.held.split_off(whole);
        let ready = std::mem::replace(&mut self.held, rest);
        if !ready.is_empty() {
            self.show(&ready);
        }
        let screen = self.shown.is_some().then(|| self.screen.screen().contents());
        if let (Some(shown), Some(screen)) = (&mut self.shown, screen) {
            shown.push_back(screen);
        }
    }

    /// The emulator cannot show some things on a screen of one cell and gives up; a new one takes
    /// over, and the next whole frame is shown right.
    fn show(&mut self, bytes: &[u8]) {
        let screen = &mut self.screen;
        let shown =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| screen.process(bytes)));
        if shown.is_err() {
            let (rows, columns) = self.screen.screen().size();
            self.screen = vt100::Parser::new(rows, columns, 0);
        }
    }
}

impl Tui {
    fn start(launch: Launch) -> Tui {
        let size =
            PtySize { rows: launch.rows, cols: launch.columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo terminal");
        let settings_before = format!("{:?}", pair.master.get_termios());
        let mut command = match &launch.script {
            None => CommandBuilder::new(program()),
            Some(_) => CommandBuilder::new("sh"),
        };
        command.args(launch.script.iter().flat_map(|script| ["-c", script.as_str()]));
        command.args(&launch.args);
        command.cwd(launch.home.path());
        for name in ["NO_COLOR", "COLORTERM", "VISUAL", "EDITOR", "WIREBENCH_LOG", "TMUX"] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        command.env("WIREBENCH_HOME", launch.home.path().join("home"));
        for (name, value) in &launch.env {
            match value.as_str() {
                "" => command.env_remove(name),
                value => command.env(name, value),
            }
        }
        let mut child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);
        let pid = child.process_id().and_then(|pid| Pid::from_raw(pid.cast_signed()));
        let (sender, exited) = channel();
        thread::spawn(move || {
            if let Ok(status) = child.wait() {
                let _ = sender.send(status);
            }
        });
        let output = Arc::new(Output {
            state: Mutex::new(Written {
                screen: vt100::Parser::new(launch.rows, launch.columns, 0),
                raw: Vec::new(),
                held: Vec::new(),
                shown: None,
                closed: false,
                hanging_up: false,
            }),
            changed: Condvar::new(),
        });
        let reader = pair.master.try_clone_reader().expect("a reader");
        let collected = Arc::clone(&output);
        thread::spawn(move || collect(reader, &collected));
        Tui {
            writer: pair.master.take_writer().expect("a writer"),
            master: Some(pair.master),
            output,
            exited,
            pid: pid.expect("a running program has an id"),
            settings_before,
            home: launch.home,
        }
    }

    /// Types a run of keys: `<C-n>tcp<Tab>`.
    pub fn keys(&mut self, run: &str) {
        let keys = Key::parse_run(run).expect("a run of keys");
        let bytes: Vec<u8> = keys.iter().flat_map(|key| key_bytes(*key)).collect();
        self.bytes(&bytes);
    }

    /// Types bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).and_then(|()| self.writer.flush()).expect("the terminal");
    }

    /// Waits until the condition holds for the screen's text.
    pub fn wait_for_screen(&self, what: &str, condition: impl Fn(&str) -> bool) {
        drop(self.shown_when(what, condition));
    }

    /// The same; returns the text for which it held, however soon another frame came.
    pub fn shown_when(&self, what: &str, condition: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.output.state.lock().unwrap();
        let screen = state.screen.screen().contents();
        state.shown = Some(VecDeque::from([screen]));
        loop {
            let shown = state.shown.as_mut().into_iter().flat_map(|shown| shown.drain(..));
            let found = shown.into_iter().find(|screen| condition(screen));
            if let Some(screen) = found {
                state.shown = None;
                return screen;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no {what} on:\n{}", state.screen.screen().contents());
            assert!(
                !state.closed,
                "ended without {what} on:\n{}",
                state.screen.screen().contents()
            );
            state = self.output.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Waits until the screen shows the text.
    pub fn wait_for(&self, text: &str) {
        self.wait_for_screen(&format!("'{text}'"), |screen| screen.contains(text));
    }

    /// Waits until nothing was written for the time, and returns the bytes written until then.
    pub fn wait_quiet(&self, quiet: Duration) -> usize {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.output.state.lock().unwrap();
        loop {
            let before = state.raw.len();
            let since = Instant::now();
            while since.elapsed() < quiet && state.raw.len() == before {
                let left = quiet.saturating_sub(since.elapsed());
                state = self.output.changed.wait_timeout(state, left).unwrap().0;
            }
            if state.raw.len() == before {
                return before;
            }
            assert!(Instant::now() < deadline, "never quiet");
        }
    }

    /// Waits until all that the program has written is read. It must be stopped: then a mark that is
    /// written behind it comes last.
    pub fn wait_all_read(&self) {
        let mark = b"\x1b]0;all is read\x07";
        let before = count(&self.raw(), mark);
        let name = self.master.as_ref().and_then(|master| master.tty_name()).expect("a name");
        let mut terminal = std::fs::OpenOptions::new();
        // Not ours to control.
        let terminal = terminal.write(true).custom_flags(NO_CONTROL).open(name);
        terminal.and_then(|mut terminal| terminal.write_all(mark)).expect("the terminal");
        wait_until("all is read", || count(&self.raw(), mark) > before);
    }

    /// Waits until the text was written outside the screen, after the terminal was given back.
    pub fn wait_text_after_leaving(&self, text: &str) {
        wait_until(text, || {
            let raw = self.raw();
            let left = memchr::memmem::rfind(&raw, b"\x1b[?1049l").unwrap_or(raw.len());
            memchr::memmem::find(&raw[left..], text.as_bytes()).is_some()
        });
    }

    pub fn screen(&self) -> String {
        self.output.state.lock().unwrap().screen.screen().contents()
    }

    /// Looks at the cells of the screen.
    pub fn look<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        look(self.output.state.lock().unwrap().screen.screen())
    }

    /// Everything written so far.
    pub fn raw(&self) -> Vec<u8> {
        self.output.state.lock().unwrap().raw.clone()
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        // A new emulator must be there before the program draws for it; it draws every cell then.
        self.output.state.lock().unwrap().screen = vt100::Parser::new(rows, columns, 0);
        self.master.as_ref().expect("not hung up").resize(size).expect("a new size");
    }

    pub fn signal(&self, signal: Signal) {
        rustix::process::kill_process(self.pid, signal).expect("a running program");
    }

    /// State letter of the process: `S` sleeping, `T` stopped.
    pub fn process_state(&self) -> char {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid.as_raw_pid()))
            .unwrap_or_default();
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        after_name.trim_start().chars().next().unwrap_or('?')
    }

    /// The ids of the program's threads of this name.
    pub fn threads(&self, name: &str) -> Vec<u32> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.pid.as_raw_pid()));
        let is_meant = |task: &std::fs::DirEntry| {
            let known = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
            known.trim_end() == name
        };
        let tasks = tasks.into_iter().flatten().flatten().filter(is_meant);
        tasks.filter_map(|task| task.file_name().to_str()?.parse().ok()).collect()
    }

    /// Most memory the program has held, in bytes.
    pub fn peak_memory(&self) -> u64 {
        peak_memory(self.pid.as_raw_pid().cast_unsigned()).expect("a running program")
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.pid.as_raw_pid().cast_unsigned()
    }

    /// Times the threads of the program went to sleep so far.
    pub fn wake_ups(&self) -> u64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.pid.as_raw_pid()));
        tasks
            .expect("a running program")
            .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("status")).ok())
            .filter_map(|status| {
                let line = status.lines().find(|line| line.starts_with("voluntary_ctxt"))?;
                line.rsplit_once('\t')?.1.trim().parse::<u64>().ok()
            })
            .sum()
    }

    /// Takes the terminal away, as a closed window does.
    pub fn hang_up(&mut self) {
        self.output.state.lock().unwrap().hanging_up = true;
        // Something that is drawn, so that the reader wakes up.
        self.keys("<F1>");
        wait_until("the reader closed its end", || self.output.state.lock().unwrap().closed);
        self.writer = Box::new(std::io::sink());
        self.master = None;
    }

    /// Waits for the end; returns the exit status.
    pub fn wait_exit(&self) -> ExitStatus {
        let Ok(status) = self.exited.recv_timeout(PATIENCE) else {
            panic!("still running:\n{}", self.screen());
        };
        let state = self.output.state.lock().unwrap();
        let left = |written: &mut Written| !written.closed;
        drop(self.output.changed.wait_timeout_while(state, PATIENCE, left).unwrap());
        status
    }

    /// Checks that the terminal is as it was before: line settings, screen, mouse, paste, cursor,
    /// keyboard protocol.
    pub fn assert_restored(&self) {
        let raw = self.raw();
        for (mode, wanted) in [
            ("?1049", b'l'),
            ("?1000", b'l'),
            ("?1002", b'l'),
            ("?1003", b'l'),
            ("?1006", b'l'),
            ("?1004", b'l'),
            ("?2004", b'l'),
            ("?2026", b'l'),
            ("?2031", b'l'),
            ("?25", b'h'),
        ] {
            if let Some(last) = last_set(&raw, mode) {
                assert_eq!(char::from(last), char::from(wanted), "mode {mode}");
            }
        }
        let pushes = count(&raw, b"\x1b[>1u");
        assert_eq!(pushes, count(&raw, b"\x1b[<1u"), "kitty keyboard levels");
        if let Some(master) = &self.master {
            assert_eq!(format!("{:?}", master.get_termios()), self.settings_before);
        }
    }

    /// Leaves by the key and checks that all is well.
    pub fn quit(mut self) {
        self.keys("<C-q>");
        let status = self.wait_exit();
        assert!(status.success(), "{status:?}\n{}", String::from_utf8_lossy(&self.raw()));
        self.assert_restored();
    }
}

impl Drop for Tui {
    fn drop(&mut self) {
        let _ended = rustix::process::kill_process(self.pid, Signal::KILL);
    }
}

fn collect(mut reader: Box<dyn Read + Send>, output: &Output) {
    let mut buffer = vec![0; 65536];
    loop {
        let read = reader.read(&mut buffer).unwrap_or(0);
        let mut state = output.state.lock().unwrap();
        let ends = read == 0 || state.hanging_up;
        state.take(&buffer[..read]);
        if ends {
            let rest = std::mem::take(&mut state.held);
            state.show(&rest);
            drop(reader);
            state.closed = true;
            output.changed.notify_all();
            return;
        }
        output.changed.notify_all();
    }
}

/// The letter of the last `CSI mode h` or `CSI mode l`.
fn last_set(raw: &[u8], mode: &str) -> Option<u8> {
    let sequence = format!("\x1b[{mode}");
    memchr::memmem::find_iter(raw, sequence.as_bytes())
        .filter_map(|at| raw.get(at + sequence.len()).copied())
        .filter(|last| matches!(last, b'h' | b'l'))
        .last()
}

pub fn count(haystack: &[u8], needle: &[u8]) -> usize {
    memchr::memmem::find_iter(haystack, needle).count()
}

/// The bytes a terminal sends for a key.
fn key_bytes(key: Key) -> Vec<u8> {
    let modifier = 1 + u8::from(key.shift) + 2 * u8::from(key.alt) + 4 * u8::from(key.ctrl);
    let csi = |letter: char| match modifier {
        1 => format!("\x1b[{letter}"),
        _ => format!("\x1b[1;{modifier}{letter}"),
    };
    let tilde = |number: u8| match modifier {
        1 => format!("\x1b[{number}~"),
        _ => format!("\x1b[{number};{modifier}~"),
    };
    let plain = |text: String| if key.alt { format!("\x1b{text}") } else { text };
    let text = match key.code {
        KeyCode::Char(c) if key.ctrl => plain(char::from((c as u8) & 0x1f).to_string()),
        KeyCode::Char(c) => plain(c.to_string()),
        KeyCode::Enter if modifier > 1 && !key.alt => format!("\x1b[13;{modifier}u"),
        KeyCode::Enter => plain("\r".into()),
        KeyCode::Tab if key.shift => "\x1b[Z".into(),
        KeyCode::Tab => "\t".into(),
        KeyCode::Backspace => plain("\x7f".into()),
        KeyCode::Esc => "\x1b".into(),
        KeyCode::Up => csi('A'),
        KeyCode::Down => csi('B'),
        KeyCode::Right => csi('C'),
        KeyCode::Left => csi('D'),
        KeyCode::Home => csi('H'),
        KeyCode::End => csi('F'),
        KeyCode::Insert => tilde(2),
        KeyCode::Delete => tilde(3),
        KeyCode::PageUp => tilde(5),
        KeyCode::PageDown => tilde(6),
        KeyCode::F(n @ 1..=4) => format!("\x1bO{}", char::from(b'P' + n - 1)),
        KeyCode::F(n @ 5..=5) => tilde(n + 10),
        KeyCode::F(n @ 6..=10) => tilde(n + 11),
        KeyCode::F(n) => tilde(n + 12),
    };
    text.into_bytes()
}

/// Puts a copy of the starter workspace into a home, on ports that are free: a program that runs on
/// this machine may have taken the starter's own. Returns the ports of HTTP, TCP and UDP.
pub fn starter_with_free_ports(home: &TempDir) -> [u16; 3] {
    let root = home.path().join("home/presets");
    let ports = [free_port(), free_port(), free_port()];
    for (name, text) in wirebench::store::starter::FILES {
        let mut text = text.to_owned();
        for (theirs, ours) in ["18080", "19000", "19001"].into_iter().zip(ports) {
            text = text.replace(theirs, &ours.to_string());
        }
        let file = root.join(name);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a new folder");
        std::fs::write(file, text).expect("a new file");
    }
    ports
}
